using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EventMl.Data.Quality;

/// <summary>A part of a YAML text that knows its line. Aliases, tags of types, deep nesting and long texts are refused, so that no text can do harm.</summary>
internal sealed class YamlNode
{
    public const int MaxLength = 262_144;

    private const int MaxDepth = 8;

    private YamlNode(string file, ParsingEvent place) => (File, Line) = (file, place.Start.Line);

    public string File { get; }

    public long Line { get; }

    /// <summary>The text of a plain value, else null.</summary>
    public string? Scalar { get; private init; }

    public IReadOnlyList<YamlNode>? Items { get; private init; }

    public IReadOnlyList<(YamlNode Key, YamlNode Value)>? Pairs { get; private init; }

    /// <summary>The one document of a file.</summary>
    /// <exception cref="QualitySuiteException">The text is not such a file.</exception>
    public static YamlNode Parse(string file, string text)
    {
        if (text.Length > MaxLength || text.Contains('\0', StringComparison.Ordinal))
            throw new QualitySuiteException($"{file}: a suite has at most {MaxLength} characters, none of them NUL.");
        try
        {
            var yaml = new Parser(new StringReader(text));
            yaml.Consume<StreamStart>();
            if (!yaml.TryConsume<DocumentStart>(out _))
                throw new QualitySuiteException($"{file}: the suite is empty; begin with 'suite: {QualitySuite.FormatName}'.");
            var root = Read(file, yaml, 0);
            yaml.Consume<DocumentEnd>();
            return yaml.Accept<StreamEnd>(out _) ? root : throw new QualitySuiteException($"{file}, line {yaml.Current!.Start.Line}: a second document begins; keep one suite per file.");
        }
        catch (YamlException e)
        {
            throw new QualitySuiteException($"{file}, line {e.Start.Line}: this is not YAML: {e.Message}", e);
        }
    }

    public QualitySuiteException Error(string message) => new($"{File}, line {Line}: {message}");

    private static YamlNode Read(string file, Parser yaml, int depth)
    {
        var place = yaml.Current!;
        if (depth > MaxDepth)
            throw new YamlNode(file, place).Error($"more than {MaxDepth} levels of nesting.");
        if (yaml.TryConsume<Scalar>(out var scalar))
            return new YamlNode(file, place) { Scalar = scalar.Value };
        if (yaml.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlNode>();
            while (!yaml.TryConsume<SequenceEnd>(out _))
                items.Add(Read(file, yaml, depth + 1));
            return new YamlNode(file, place) { Items = items };
        }

        if (!yaml.TryConsume<MappingStart>(out _))
            throw new YamlNode(file, place).Error("anchors and aliases ('&', '*') are not read; write the value out, in quotes if it begins so.");
        var pairs = new List<(YamlNode, YamlNode)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!yaml.TryConsume<MappingEnd>(out _))
        {
            var key = Read(file, yaml, depth + 1);
            if (key.Scalar is null || !seen.Add(key.Scalar))
                throw key.Error(key.Scalar is null ? "a key must be a plain word." : $"'{key.Scalar}' is given twice.");
            pairs.Add((key, Read(file, yaml, depth + 1)));
        }

        return new YamlNode(file, place) { Pairs = pairs };
    }
}
