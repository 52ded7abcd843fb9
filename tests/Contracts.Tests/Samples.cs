using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace EventMl.Contracts.Tests;

/// <summary>Makes one instance of any record, the same on every machine.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset _time = DateTimeOffset.Parse("2026-01-02T03:04:05.678901+00:00", CultureInfo.InvariantCulture);

    /// <summary>The record with every member set, or with all optional members null.</summary>
    public static object Of(Type type, bool optional)
    {
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        var arguments = constructor.GetParameters().Select(p => Value(type.GetProperty(p.Name!)!, optional)).ToArray();
        var record = constructor.Invoke(arguments);
        var positional = constructor.GetParameters().Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var property in Members(type).Where(p => !positional.Contains(p.Name)))
        {
            property.SetValue(record, Value(property, optional));
        }

        return record;
    }

    /// <summary>The members that travel.</summary>
    public static IEnumerable<PropertyInfo> Members(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    /// <summary>Whether a sender may leave the member out.</summary>
    public static bool IsOptional(PropertyInfo member) =>
        Nullable.GetUnderlyingType(member.PropertyType) is not null || new NullabilityInfoContext().Create(member).WriteState == NullabilityState.Nullable;

    private static object? Value(PropertyInfo member, bool optional) =>
        !optional && IsOptional(member) ? null : Value(Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType, member.Name, optional);

    private static object Value(Type type, string name, bool optional)
    {
        if (type == typeof(JsonElement))
        {
            return JsonElement.Parse("""{"keepCase":1,"snake_case":[true,null,"text \" \u00e9"],"nested":{"Pascal":0.5}}""");
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var item = type.GetGenericArguments()[0];
            var list = Array.CreateInstance(item, 1);
            list.SetValue(Value(item, name, optional), 0);
            return list;
        }

        return type switch
        {
            _ when type == typeof(string) => $"{name} of EventMl",
            _ when type == typeof(int) => 7,
            _ when type == typeof(long) => 9_007_199_254_740_991,
            _ when type == typeof(double) => 0.1,
            _ when type == typeof(bool) => true,
            _ when type == typeof(DateTimeOffset) => _time,
            _ when type == typeof(IReadOnlyDictionary<string, double>) => new Dictionary<string, double>(StringComparer.Ordinal) { ["valAccuracy"] = 0.9, ["train_loss"] = 1e-7 },
            _ when type.GetMethod("<Clone>$") is not null => Of(type, optional),
            _ => throw new NotSupportedException($"'{name}' has the type {type}; teach Samples a value of it, and mind that it must read the same in all three JSON forms."),
        };
    }
}
