using System.Reflection;
using EventMl.Contracts;

namespace EventMl.Contracts.Tests;

/// <summary>What a record of Contracts is.</summary>
internal enum MessageKind
{
    /// <summary>Asks for something; exactly one handler.</summary>
    Command,

    /// <summary>Says what happened.</summary>
    Event,

    /// <summary>A value inside other records.</summary>
    Part,
}

/// <summary>The records of Contracts and what each of them is, told by the naming rule alone.</summary>
internal static class Messages
{
    public static IReadOnlyList<Type> All { get; } =
        [.. typeof(Ids).Assembly.GetExportedTypes().Where(IsRecord).OrderBy(t => t.FullName, StringComparer.Ordinal)];

    public static IReadOnlyList<Type> Commands { get; } = [.. All.Where(t => KindOf(t, All) == MessageKind.Command)];

    /// <summary>Events end in a past participle, parts are members of other records or belong to no area, what is left asks for something.</summary>
    public static MessageKind KindOf(Type type, IReadOnlyCollection<Type> all) =>
        type.Name.EndsWith("ed", StringComparison.Ordinal) ? MessageKind.Event
        : type.Namespace == typeof(Ids).Namespace || all.Any(t => t.GetProperties().Any(p => Mentions(p.PropertyType, type))) ? MessageKind.Part
        : MessageKind.Command;

    private static bool IsRecord(Type type) => type is { IsClass: true, IsAbstract: false } && type.GetMethod("<Clone>$") is not null;

    private static bool Mentions(Type member, Type type) => member == type || member.GetGenericArguments().Any(a => Mentions(a, type));
}
