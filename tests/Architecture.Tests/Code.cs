using EventMl.Contracts.Tests;
using Mono.Cecil;

namespace EventMl.Architecture.Tests;

/// <summary>The compiled code, as data.</summary>
internal static class Code
{
    /// <summary>Every type of every project below <c>src/</c>, nested and generated ones too.</summary>
    public static IReadOnlyList<TypeDefinition> Platform { get; } =
        [.. Repository.Files(["src"], [".csproj"]).SelectMany(f => TypesOf($"{Path.GetFileNameWithoutExtension(f.Path)}.dll"))];

    /// <summary>A type of this test assembly, with what is nested in it: a violation to be found.</summary>
    public static IReadOnlyList<TypeDefinition> Of<T>() => Of(typeof(T));

    /// <inheritdoc cref="Of{T}"/>
    public static IReadOnlyList<TypeDefinition> Of(Type type)
    {
        var name = type.FullName!.Replace('+', '/');
        return [.. TypesOf(Path.GetFileName(typeof(Code).Assembly.Location)).Where(t => t.FullName == name || t.FullName.StartsWith($"{name}/", StringComparison.Ordinal))];
    }

    /// <summary>Names of the commands of Contracts.</summary>
    public static IReadOnlyList<string> Commands { get; } = [.. Messages.Commands.Select(c => c.FullName!)];

    /// <summary>The assembly a type is compiled into.</summary>
    public static string Home(this TypeDefinition type) => type.Module.Assembly.Name.Name;

    /// <summary>The outermost type around it.</summary>
    public static TypeDefinition Outermost(this TypeDefinition type) => type.DeclaringType is { } outer ? outer.Outermost() : type;

    /// <summary>The interfaces of that name it implements.</summary>
    public static IEnumerable<GenericInstanceType> Implements(this TypeDefinition type, string name) =>
        type.Interfaces.Select(i => i.InterfaceType).OfType<GenericInstanceType>().Where(i => i.ElementType.FullName == name);

    /// <summary>Members called or read in the type's own code.</summary>
    public static IEnumerable<MemberReference> Uses(this TypeDefinition type) =>
        type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).Select(i => i.Operand).OfType<MemberReference>();

    /// <summary>Full names of all types that the type's own members and code mention.</summary>
    public static IEnumerable<string> Mentions(this TypeDefinition type)
    {
        var signatures = type.Fields.Select(f => f.FieldType)
            .Concat(type.Interfaces.Select(i => i.InterfaceType))
            .Concat(type.Methods.SelectMany(m => m.Parameters.Select(p => p.ParameterType).Append(m.ReturnType)))
            .Concat(type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Variables.Select(v => v.VariableType)));
        var used = type.Uses().SelectMany(u => u switch
        {
            GenericInstanceMethod m => m.GenericArguments.Append(m.DeclaringType),
            TypeReference t => [t],
            _ => (IEnumerable<TypeReference>)[u.DeclaringType],
        });
        return signatures.Concat(used).Concat(type.BaseType is null ? [] : [type.BaseType]).SelectMany(Names).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Names(TypeReference? type) => type switch
    {
        null => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Names).Append(generic.ElementType.FullName),
        TypeSpecification wrapped => Names(wrapped.ElementType),
        _ => [type.FullName],
    };

    private static List<TypeDefinition> TypesOf(string file) =>
        [.. ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, file), new ReaderParameters { InMemory = true }).GetTypes()];
}
