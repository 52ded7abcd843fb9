using System.Reflection;
using System.Text.RegularExpressions;

namespace EventMl.EventStore;

/// <summary>Knows every event type by its alias, as Marten's ClassicTypeName writes it (<c>ModelRegistered</c> → <c>model_registered</c>).</summary>
public sealed partial class EventTypes
{
    private readonly Dictionary<string, Type> _byAlias = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, string> _byType = [];

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

    /// <summary>The alias under which a type is stored.</summary>
    public string AliasOf(Type type) => _byType.TryGetValue(type, out var alias) ? alias : Alias(type);

    /// <summary>The type behind an alias; null when this build does not know it.</summary>
    public Type? Find(string alias) => _byAlias.GetValueOrDefault(alias);

    /// <summary>What Marten writes into <c>mt_dotnet_type</c>.</summary>
    public static string DotnetName(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

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
