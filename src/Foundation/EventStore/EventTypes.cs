using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EventMl.EventStore;

/// <summary>Knows every event type by its alias, as Marten's ClassicTypeName writes it (<c>ModelRegistered</c> → <c>model_registered</c>).</summary>
public sealed partial class EventTypes
{
    private readonly Dictionary<string, Type> _byAlias = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, string> _byType = [];
    private readonly Dictionary<string, List<Func<JsonObject, JsonObject>>> _upcasters = new(StringComparer.Ordinal);

    /// <summary>Registers the public records of the given assemblies.</summary>
    /// <exception cref="ArgumentException">Two types share an alias.</exception>
    public EventTypes(params Assembly[] assemblies)
    {
        foreach (var type in assemblies.SelectMany(a => a.GetExportedTypes()).Where(IsRecord))
        {
            Add(type);
        }
    }

    /// <summary>Registers one type.</summary>
    /// <exception cref="ArgumentException">Another type has the same alias.</exception>
    public void Add(Type type)
    {
        var alias = Alias(type);
        if (_byAlias.TryGetValue(alias, out var other) && other != type)
        {
            throw new ArgumentException($"{type.FullName} and {other.FullName} share the alias '{alias}'; rename one.", nameof(type));
        }

        _byAlias[alias] = type;
        _byType[type] = alias;
    }

    /// <summary>Reads events stored under an alias as another type, after changing their JSON; what is stored stays as it is.</summary>
    /// <param name="alias">The alias in the ledger: an old name of the type, or its present one when only the shape has changed.</param>
    /// <param name="upcast">Makes today's JSON of the JSON that was stored; several for one alias run in the order in which they were added, each on the result of the one before.</param>
    /// <exception cref="ArgumentException">Another type has the alias.</exception>
    public void Upcast<T>(string alias, Func<JsonObject, JsonObject> upcast)
    {
        if (_byAlias.TryGetValue(alias, out var other) && other != typeof(T))
        {
            throw new ArgumentException($"Events stored as '{alias}' are read as {other.FullName}; they cannot be read as {typeof(T).FullName} too.", nameof(alias));
        }

        _byAlias[alias] = typeof(T);
        (_upcasters.TryGetValue(alias, out var steps) ? steps : _upcasters[alias] = []).Add(upcast);
    }

    /// <summary>The alias under which a type is stored.</summary>
    public string AliasOf(Type type) => _byType.TryGetValue(type, out var alias) ? alias : Alias(type);

    /// <summary>The type behind an alias; null when this build does not know it.</summary>
    public Type? Find(string alias) => _byAlias.GetValueOrDefault(alias);

    /// <summary>What Marten writes into <c>mt_dotnet_type</c>.</summary>
    public static string DotnetName(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    /// <summary>The event in a stored JSON; without one when the alias is unknown, with a problem when the JSON does not fit: another program may store something else under an alias that we know.</summary>
    internal (object? Data, string? Problem) Read(string alias, ReadOnlySpan<byte> json)
    {
        if (Find(alias) is not { } type)
        {
            return (null, null);
        }

        try
        {
            return Parse(alias, json, type) is { } data ? (data, null) : (null, $"its JSON is null, not a {type.Name}.");
        }
        catch (Exception e) when (e is JsonException || (e is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or NullReferenceException && _upcasters.ContainsKey(alias)))
        {
            return (null, $"its JSON is not a {type.Name} of this build: {e.Message}");
        }
    }

    private object? Parse(string alias, ReadOnlySpan<byte> json, Type type)
    {
        if (!_upcasters.TryGetValue(alias, out var steps))
        {
            return JsonSerializer.Deserialize(json, type, LedgerJson.Options);
        }

        var stored = JsonNode.Parse(json) as JsonObject ?? throw new JsonException("it is not an object");
        return steps.Aggregate(stored, (node, upcast) => upcast(node)).Deserialize(type, LedgerJson.Options);
    }

    private static bool IsRecord(Type type) =>
        type is { IsClass: true, IsAbstract: false, IsGenericType: false } && type.GetMethod("<Clone>$") is not null;

    // Marten keeps the case of generic names.
    private static string Alias(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(',', type.GetGenericArguments().Select(a => a.Name))}>"
        : Lower().Replace(Upper().Replace(type.Name, "${a} ${b}"), "${a} ${b}").ToLowerInvariant().Replace(' ', '_');

    [GeneratedRegex(@"(?<a>\P{Ll})(?<b>\P{Ll}\p{Ll})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Upper();

    [GeneratedRegex(@"(?<a>\p{Ll})(?<b>\P{Ll})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Lower();
}
