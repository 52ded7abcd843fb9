using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EventMl.Arrow;

namespace EventMl.Data.Quality;

internal sealed class NotNullCheck(NotNullExpectation expectation) : RowCheck(expectation)
{
    protected override void Judge(ColumnValues[] columns, Span<byte> failing)
    {
        Judged += columns[0].Length;
        for (var row = 0; row < columns[0].Length; row++)
        {
            if (columns[0].IsNull(row))
                Bits.Set(failing, row);
        }
    }
}

/// <summary>Judges the values of one column; rows without a value pass.</summary>
internal abstract class ValueCheck : RowCheck
{
    protected ValueCheck(RowExpectation expectation, ArrowType type, string what, params ReadOnlySpan<ValueClass> judges)
        : base(expectation) => Problem = judges.Contains(ColumnValues.ClassOf(type)) ? null : $"column '{expectation.Head.Columns[0]}' is {type}; '{expectation.Head.Kind}' judges {what}";

    protected override void Judge(ColumnValues[] columns, Span<byte> failing)
    {
        var values = columns[0];
        for (var row = 0; row < values.Length; row++)
        {
            if (values.IsNull(row))
                continue;
            Judged++;
            if (!Passes(values, row))
                Bits.Set(failing, row);
        }
    }

    protected abstract bool Passes(ColumnValues values, int row);
}

internal sealed class RangeCheck(RangeExpectation expectation, ArrowType type) : ValueCheck(
    expectation, type, expectation.Bounds.AreInstants ? "dates and timestamps where the bounds are dates" : "numbers where the bounds are numbers",
    expectation.Bounds.AreInstants ? ValueClass.Instant : ValueClass.Number)
{
    protected override bool Passes(ColumnValues values, int row) => expectation.Bounds.Contains(values.Numbers[row]);
}

internal sealed class SetCheck : ValueCheck
{
    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _keys = [];
    private readonly bool _byKey;

    public SetCheck(SetExpectation expectation, ArrowType type)
        : base(expectation, type, "numbers, text, bool, dates and timestamps", ValueClass.Number, ValueClass.Text, ValueClass.Bool, ValueClass.Instant)
    {
        var value = type.Kind is ArrowKind.Dictionary or ArrowKind.RunEndEncoded ? type.Children[1].Type : type;
        _byKey = value.Kind is >= ArrowKind.Bool and <= ArrowKind.Float64;
        foreach (var text in expectation.Values)
        {
            if (!_byKey)
                _texts.Add(text);
            else if (KeyOf(text, value) is { } key)
                _keys.Add(key);
            else
                Problem = $"'{text}' is no {type}, the type of column '{expectation.Head.Columns[0]}'";
        }
    }

    protected override bool Passes(ColumnValues values, int row) => _byKey ? _keys.Contains(values.Key(row)) : _texts.Contains(values.Text(row));

    private static ulong? KeyOf(string text, ArrowType type) => type.Kind switch
    {
        ArrowKind.Bool => text == "true" ? 1 : text == "false" ? 0 : null,
        ArrowKind.UInt64 => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        ArrowKind.Float32 => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? FloatKey(number) : null,
        ArrowKind.Float16 => Half.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? FloatKey((double)number) : null,
        ArrowKind.Float64 => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? FloatKey(number) : null,
        _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? (ulong)number : null,
    };

    private static ulong FloatKey(double value) => ColumnValues.FloatKey(value);
}

internal sealed class RegexCheck(RegexExpectation expectation, ArrowType type) : ValueCheck(expectation, type, "text", ValueClass.Text)
{
    private char[] _text = [];

    protected override bool Passes(ColumnValues values, int row)
    {
        var bytes = values.Bytes(row);
        if (_text.Length < bytes.Length)
            _text = new char[bytes.Length];
        var length = Encoding.UTF8.GetChars(bytes, _text);
        try
        {
            return expectation.Pattern.IsMatch(_text.AsSpan(0, length));
        }
        catch (RegexMatchTimeoutException)
        {
            // Only a text of many megabytes takes so long; it is not what the pattern describes.
            return false;
        }
    }
}

/// <summary>Values as a compliance policy wants them: masked or hashed.</summary>
internal sealed class ProtectedCheck(ProtectedExpectation expectation, ArrowType type) : ValueCheck(expectation, type, "text and bytes", ValueClass.Text, ValueClass.Bytes)
{
    private static readonly string[] s_masks = ["***", "•••", "###", "XXX", "xxx"];
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdefABCDEF");

    protected override bool Passes(ColumnValues values, int row)
    {
        if (values.Class == ValueClass.Bytes)
            return expectation.Protection == Protection.Hashed && values.Bytes(row).Length is >= 16 and <= 64;
        var text = values.Text(row);
        return expectation.Protection == Protection.Hashed ? IsHash(text) : s_masks.Any(m => text.Contains(m, StringComparison.Ordinal)) && !PiiPatterns.Find(text).Any();
    }

    private static bool IsHash(string text) =>
        text.Length is 32 or 40 or 56 or 64 or 96 or 128 && !text.AsSpan().ContainsAnyExcept(s_hex)
            ? true
            : text.Length is >= 24 and <= 88 && Base64.IsValid(text, out var bytes) && bytes is 16 or 20 or 28 or 32 or 48 or 64;
}

/// <summary>Finds the second and later rows of a key, by 64-bit hashes of the values; rows with a null in the key pass.</summary>
internal sealed class UniqueCheck : RowCheck
{
    private readonly HashSet<ulong> _seen = [];
    private readonly int _maxKeys;

    public UniqueCheck(UniqueExpectation expectation, ArrowSchema schema, int maxKeys)
        : base(expectation)
    {
        _maxKeys = maxKeys;
        var nested = schema.Fields.FirstOrDefault(f => expectation.Head.Columns.Contains(f.Name, StringComparer.Ordinal) && ColumnValues.ClassOf(f.Type) == ValueClass.Other);
        Problem = nested is null ? null : $"column '{nested.Name}' is {nested.Type}; 'unique' judges columns of plain values";
    }

    protected override void Judge(ColumnValues[] columns, Span<byte> failing)
    {
        for (var row = 0; row < columns[0].Length; row++)
        {
            var at = row;
            if (Array.Exists(columns, c => c.IsNull(at)))
                continue;
            var key = columns[0].Key(row);
            foreach (var column in columns.AsSpan(1))
                key = StableHash.Join(key, column.Key(row));
            Judged++;
            if (_seen.Count >= _maxKeys ? _seen.Contains(key) : !_seen.Add(key))
                Bits.Set(failing, row);
            else if (_seen.Count >= _maxKeys)
                Problem = $"there are {_maxKeys} different keys, and more are not kept in memory; duplicates were sought up to row {Judged - 1}";
            if (Problem is not null)
                return;
        }
    }
}
