using System.Text;
using System.Text.RegularExpressions;

namespace EventMl.Data.Transforms.Steps;

/// <summary>Cuts texts into terms: words, characters, or runs of several of them.</summary>
internal sealed class TextAnalyzer
{
    private readonly bool _lowercase;
    private readonly string _analyzer;
    private readonly int _min;
    private readonly int _max;
    private readonly HashSet<string> _stopWords;
    private readonly Regex? _pattern;

    public TextAnalyzer(StepContext step)
    {
        step.Require(Values.Families.IsText, "text");
        if (step.Fields.Count != 1)
            throw step.Error($"it works on one column of text, not on {step.Fields.Count}; make one step for each.");
        var parameters = step.Parameters;
        _lowercase = parameters.Flag("lowercase", true);
        _analyzer = parameters.Choice("analyzer", "word", "char", "char_wb");
        var range = parameters.Numbers("ngram_range", 2) ?? [1, 1];
        if (!(range[0] >= 1 && range[0] <= range[1] && range[1] <= 20) || range.Any(r => r != Math.Floor(r)))
            throw step.Error($"'ngram_range' is [{range[0]}, {range[1]}]; it is two whole numbers from 1 to 20, the smaller one first.");
        (_min, _max) = ((int)range[0], (int)range[1]);
        _stopWords = [.. parameters.Texts("stop_words") ?? []];
        var pattern = parameters.Text("token_pattern", "");
        if (_analyzer != "word" && (_stopWords.Count > 0 || pattern.Length > 0))
            throw step.Error("'stop_words' and 'token_pattern' belong to the analyzer word.");
        try
        {
            // Without backtracking no text can make a pattern slow.
            _pattern = pattern.Length == 0 ? null : new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new TransformException($"{step.Place}: 'token_pattern' is not a regular expression that can be matched in one pass: {e.Message}", e);
        }
    }

    public IEnumerable<string> Terms(string text)
    {
        var prepared = _lowercase ? PythonText.Lower(text) : text;
        return _analyzer switch
        {
            "word" => WordRuns([.. (_pattern is null ? Words(prepared) : Matches(prepared)).Where(w => !_stopWords.Contains(w))]),
            "char" => CharRuns(CollapseSpaces(prepared)),
            _ => CharRunsInWords(prepared),
        };
    }

    private IEnumerable<string> Matches(string text) => _pattern!.Matches(text).Select(m => m.Groups.Count > 1 ? m.Groups[1].Value : m.Value);

    /// <summary>Runs of two or more word characters: the pattern <c>(?u)\b\w\w+\b</c>.</summary>
    private static IEnumerable<string> Words(string text)
    {
        var (start, runes, at) = (0, 0, 0);
        while (at <= text.Length)
        {
            var rune = at < text.Length && Rune.TryGetRuneAt(text, at, out var r) ? r : Rune.ReplacementChar;
            if (at < text.Length && PythonText.IsWord(rune))
            {
                runes++;
                at += rune.Utf16SequenceLength;
                continue;
            }

            if (runes >= 2)
                yield return text[start..at];
            at += at < text.Length ? rune.Utf16SequenceLength : 1;
            (start, runes) = (at, 0);
        }
    }

    private IEnumerable<string> WordRuns(List<string> words)
    {
        for (var size = _min; size <= Math.Min(_max, words.Count); size++)
        {
            for (var i = 0; i + size <= words.Count; i++)
                yield return size == 1 ? words[i] : string.Join(' ', words.GetRange(i, size));
        }
    }

    private IEnumerable<string> CharRuns(string text)
    {
        var starts = Starts(text);
        for (var size = _min; size <= Math.Min(_max, starts.Count - 1); size++)
        {
            for (var i = 0; i + size < starts.Count; i++)
                yield return text[starts[i]..starts[i + size]];
        }
    }

    // A word shorter than a run counts once, with the spaces around it.
    private IEnumerable<string> CharRunsInWords(string text)
    {
        foreach (var word in SplitAtSpaces(text).Select(w => $" {w} "))
        {
            var starts = Starts(word);
            for (var size = _min; size <= _max; size++)
            {
                if (starts.Count - 1 <= size)
                {
                    yield return word;
                    break;
                }

                for (var i = 0; i + size < starts.Count; i++)
                    yield return word[starts[i]..starts[i + size]];
            }
        }
    }

    /// <summary>Where each code point begins, and the end.</summary>
    private static List<int> Starts(string text)
    {
        var starts = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            if (i == 0 || !char.IsSurrogatePair(text[i - 1], text[i]))
                starts.Add(i);
        }

        starts.Add(text.Length);
        return starts;
    }

    /// <summary>Two or more spaces in a row become one; a single one stays what it is.</summary>
    private static string CollapseSpaces(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && PythonText.IsSpace(text[end]))
                end++;
            result.Append(end - i > 1 ? ' ' : text[i]);
            i = Math.Max(end, i + 1);
        }

        return result.ToString();
    }

    private static IEnumerable<string> SplitAtSpaces(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !PythonText.IsSpace(text[i]))
                continue;
            if (i > start)
                yield return text[start..i];
            start = i + 1;
        }
    }
}
