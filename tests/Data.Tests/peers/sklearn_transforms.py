"""Computes every transform of docs/transforms.md with scikit-learn: columns as JSON on stdin, {case: {values, names}} on stdout."""
import datetime
import json
import sys
import warnings

import numpy as np
from sklearn import feature_extraction as fe
from sklearn import feature_selection as fs
from sklearn import impute
from sklearn import preprocessing as pp

warnings.filterwarnings("ignore")
data = json.load(sys.stdin)


def numbers(*names):
    return np.column_stack([np.array([np.nan if v is None else v for v in data[n]], dtype=np.float64) for n in names])


def categories(*names):
    columns = [np.array([np.nan if v is None else v for v in data[n]], dtype=object).reshape(-1, 1) for n in names]
    return np.hstack(columns)


def texts(name):
    return ["" if v is None else v for v in data[name]]


def made(transform, x, names=None, y=None):
    result = transform.fit_transform(x) if y is None else transform.fit_transform(x, y)
    if hasattr(result, "toarray"):
        result = result.toarray()
    return {"values": result, "names": None if names is None else list(transform.get_feature_names_out(names))}


def values(x):
    return {"values": x, "names": None}


FEW = ["age", "offset", "skew", "tiny", "constant", "count", "small"]
FULL = ["offset", "skew", "count", "small"]
label = np.array(data["label"])


def date_parts():
    rows = []
    for micros in data["at"]:
        if micros is None:
            rows.append([np.nan] * 13)
            continue
        t = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
        angle = 2 * np.pi * t.hour / 24
        day = 2 * np.pi * t.weekday() / 7
        rows.append([t.year, (t.month - 1) // 3 + 1, t.month, t.day, t.timetuple().tm_yday, t.weekday(), t.hour, t.minute, t.second,
                     np.sin(angle), np.cos(angle), np.sin(day), np.cos(day)])
    return values(np.array(rows, dtype=np.float64))


def images():
    return np.array(data["image"], dtype=np.float64).reshape(-1, 6, 5, 3)


def resized(height, width):
    import torch
    channels_first = torch.tensor(images()).permute(0, 3, 1, 2)
    result = torch.nn.functional.interpolate(channels_first, size=(height, width), mode="bilinear", align_corners=False)
    return values(result.permute(0, 2, 3, 1).reshape(len(data["image"]), -1).numpy())


def uncorrelated(threshold):
    x = numbers(*FULL, "copy")
    r = np.abs(np.corrcoef(x, rowvar=False))
    kept = []
    for i in range(x.shape[1]):
        if all(r[i, j] <= threshold for j in kept):
            kept.append(i)
    return values(x[:, kept])


def hashed():
    rows = []
    for city, count, flag in zip(data["city"], data["count"], data["flag"]):
        row = {"count": count, "flag": flag}
        if city is not None:
            row["city"] = city
        rows.append(row)
    return values(fe.FeatureHasher(n_features=64).transform(rows).toarray())


CASES = {
    "StandardScaler": lambda: made(pp.StandardScaler(), numbers(*FEW), FEW),
    "StandardScaler, with_mean: false": lambda: made(pp.StandardScaler(with_mean=False), numbers(*FEW)),
    "MinMaxScaler": lambda: made(pp.MinMaxScaler(), numbers(*FEW)),
    "MinMaxScaler, feature_range: [-2, 3]": lambda: made(pp.MinMaxScaler(feature_range=(-2, 3)), numbers(*FEW)),
    "MaxAbsScaler": lambda: made(pp.MaxAbsScaler(), numbers(*FEW)),
    "RobustScaler": lambda: made(pp.RobustScaler(), numbers(*FEW)),
    "RobustScaler, unit_variance": lambda: made(pp.RobustScaler(quantile_range=(5, 90), unit_variance=True), numbers(*FEW)),
    "SimpleImputer, mean": lambda: made(impute.SimpleImputer(), numbers("age", "skew")),
    "SimpleImputer, median": lambda: made(impute.SimpleImputer(strategy="median"), numbers("age", "skew")),
    "SimpleImputer, most_frequent": lambda: made(impute.SimpleImputer(strategy="most_frequent"), numbers("age", "count")),
    "SimpleImputer, constant": lambda: made(impute.SimpleImputer(strategy="constant", fill_value=-1.5), numbers("age", "count")),
    "SimpleImputer, texts": lambda: made(impute.SimpleImputer(strategy="most_frequent"), categories("city")),
    "OneHotEncoder": lambda: made(pp.OneHotEncoder(), categories("city", "code"), ["city", "code"]),
    "OneHotEncoder, drop: first": lambda: made(pp.OneHotEncoder(drop="first"), categories("city", "code"), ["city", "code"]),
    "OneHotEncoder, drop: if_binary": lambda: made(pp.OneHotEncoder(drop="if_binary"), categories("city", "side"), ["city", "side"]),
    "OneHotEncoder, max_categories: 4": lambda: made(pp.OneHotEncoder(max_categories=4), categories("city", "code"), ["city", "code"]),
    "OneHotEncoder, min_frequency: 60": lambda: made(pp.OneHotEncoder(min_frequency=60), categories("city", "code"), ["city", "code"]),
    "OrdinalEncoder": lambda: made(pp.OrdinalEncoder(), categories("city", "code")),
    "FeatureHasher": hashed,
    "KBinsDiscretizer, quantile": lambda: made(pp.KBinsDiscretizer(encode="ordinal", subsample=None), numbers(*FULL)),
    "KBinsDiscretizer, uniform": lambda: made(pp.KBinsDiscretizer(n_bins=7, encode="ordinal", strategy="uniform"), numbers(*FULL, "constant")),
    "KBinsDiscretizer, kmeans": lambda: made(pp.KBinsDiscretizer(n_bins=6, encode="ordinal", strategy="kmeans"), numbers("offset", "small")),
    "KBinsDiscretizer, onehot": lambda: made(pp.KBinsDiscretizer(subsample=None), numbers(*FULL), FULL),
    "Normalizer, l1": lambda: made(pp.Normalizer("l1"), numbers("small", "count", "skew")),
    "Normalizer, l2": lambda: made(pp.Normalizer("l2"), numbers("small", "count", "skew")),
    "Normalizer, max": lambda: made(pp.Normalizer("max"), numbers("small", "count", "skew")),
    "PolynomialFeatures": lambda: made(pp.PolynomialFeatures(), numbers("small", "count", "skew"), ["small", "count", "skew"]),
    "PolynomialFeatures, interaction_only": lambda: made(
        pp.PolynomialFeatures(3, interaction_only=True, include_bias=False), numbers("small", "count", "skew"), ["small", "count", "skew"]),
    "PowerTransformer, yeo-johnson": lambda: made(pp.PowerTransformer(), numbers("age", "small", "skew")),
    "PowerTransformer, box-cox": lambda: made(pp.PowerTransformer("box-cox"), numbers("skew")),
    "QuantileTransformer, uniform": lambda: made(pp.QuantileTransformer(n_quantiles=100), numbers("age", "skew", "count", "constant")),
    "QuantileTransformer, normal": lambda: made(pp.QuantileTransformer(n_quantiles=1000, output_distribution="normal"), numbers("age", "skew", "count")),
    "DateParts": date_parts,
    "CountVectorizer": lambda: made(fe.text.CountVectorizer(), texts("review")),
    "CountVectorizer, words 1 to 3": lambda: made(
        fe.text.CountVectorizer(ngram_range=(1, 3), min_df=3, max_df=0.4, stop_words=["the", "naïve"]), texts("review")),
    "CountVectorizer, char 2 to 3": lambda: made(fe.text.CountVectorizer(analyzer="char", ngram_range=(2, 3)), texts("review")),
    "CountVectorizer, char_wb 2 to 5": lambda: made(fe.text.CountVectorizer(analyzer="char_wb", ngram_range=(2, 5)), texts("review")),
    "TfidfVectorizer": lambda: made(fe.text.TfidfVectorizer(), texts("review")),
    "TfidfVectorizer, sublinear, l1": lambda: made(fe.text.TfidfVectorizer(sublinear_tf=True, norm="l1", smooth_idf=False), texts("review")),
    "HashingVectorizer": lambda: made(fe.text.HashingVectorizer(n_features=128), texts("review")),
    "HashingVectorizer, unsigned": lambda: made(fe.text.HashingVectorizer(n_features=100, alternate_sign=False, norm=None, ngram_range=(1, 2)), texts("review")),
    "ImageResize, larger": lambda: resized(9, 11),
    "ImageResize, smaller": lambda: resized(3, 2),
    "ImageNormalize": lambda: values(((images() / 255 - np.array([0.4, 0.5, 0.6])) / np.array([0.2, 0.25, 0.3])).reshape(len(data["image"]), -1)),
    "VarianceThreshold": lambda: made(fs.VarianceThreshold(), numbers("offset", "constant", "skew", "small")),
    "VarianceThreshold, threshold: 0.5": lambda: made(fs.VarianceThreshold(0.5), numbers("offset", "constant", "skew", "small")),
    "CorrelationFilter": lambda: uncorrelated(0.95),
    "SelectKBest, f_classif": lambda: made(fs.SelectKBest(fs.f_classif, k=2), numbers(*FULL), y=label),
    "SelectKBest, f_regression": lambda: made(fs.SelectKBest(fs.f_regression, k=2), numbers(*FULL), y=numbers("copy").ravel()),
    "SelectKBest, mutual_info_classif": lambda: made(
        fs.SelectKBest(lambda x, y: fs.mutual_info_classif(x, y, discrete_features=True), k=1), numbers("code", "count", "flag"), y=label),
    "SelectKBest, scores": lambda: values(np.array([
        fs.f_classif(numbers("copy", "skew", "small"), label)[0],
        fs.f_regression(numbers("count", "skew", "small"), numbers("copy").ravel())[0],
        fs.mutual_info_classif(numbers("code", "count", "flag"), label, discrete_features=True)])),
}


def plain(value):
    if isinstance(value, str):
        return value
    return None if value is None or value != value else float(value)


results = {}
for name, case in CASES.items():
    result = case()
    results[name] = {"values": [[plain(v) for v in row] for row in result["values"]], "names": result["names"]}
json.dump(results, sys.stdout)
