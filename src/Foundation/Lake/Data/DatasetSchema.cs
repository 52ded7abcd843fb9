using EventMl.Arrow;
using EventMl.Lake.Storage;

namespace EventMl.Lake.Data;

/// <summary>The exact Arrow columns of a dataset version, with the field ids that its files know them by.</summary>
internal sealed record DatasetSchema(ArrowSchema Arrow, IReadOnlyList<int> FieldIds)
{
    /// <summary>The columns as text for a manifest; null for types that can be read but not written, which are then looked up in the files.</summary>
    public static string? Encode(ArrowSchema schema)
    {
        using var buffer = new MemoryStream();
        try
        {
            using var writer = new ArrowStreamWriter(buffer, new ArrowSchema(schema.Fields), leaveOpen: true);
            writer.Finish();
        }
        catch (NotSupportedException)
        {
            return null;
        }

        return Convert.ToBase64String(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static async Task<DatasetSchema> ReadAsync(LakeTable table, Manifest manifest, CancellationToken ct)
    {
        int[] ids = [.. manifest.Schema.Select(f => f.Id)];
        if (manifest.ArrowSchema is { } text)
        {
            using var stream = ArrowFile.Open(Convert.FromBase64String(text));
            return new DatasetSchema(stream.Schema, ids);
        }

        var fields = new ArrowField[ids.Length];
        foreach (var file in manifest.Fragments.SelectMany(f => f.Files))
        {
            if (!ids.Where((id, i) => fields[i] is null && file.Fields.Contains(id)).Any())
                continue;
            using var opened = ArrowFile.Open(await table.Local.GetAsync(manifest.PathOf(table.Folder, file), file.Bytes, [], ct));
            for (var i = 0; i < ids.Length; i++)
            {
                if (fields[i] is null && file.Fields.ToList().IndexOf(ids[i]) is var at and >= 0)
                    fields[i] = opened.Schema.Fields[file.Columns[at]];
            }
        }

        return Array.FindIndex(fields, f => f is null) is var missing and >= 0
            ? throw new LakeException($"{table.Folder} version {manifest.Version} was made by an earlier program and has no file with the column '{manifest.Schema[missing].Name}', so its type is unknown; drop the column, or go on from another version.")
            : new DatasetSchema(new ArrowSchema(fields), ids);
    }

    /// <summary>Only some columns, in the order given; all of them when none is named.</summary>
    public DatasetSchema Select(IReadOnlyList<string> names, string where)
    {
        if (names.Count == 0)
            return this;
        var unknown = names.Where(n => Arrow.IndexOf(n) < 0).ToList();
        if (unknown.Count > 0)
            throw new LakeException($"{where} has no column {string.Join(", ", unknown)}; it has {string.Join(", ", Arrow.Fields.Select(f => f.Name))}.");
        int[] positions = [.. names.Select(Arrow.IndexOf)];
        return new DatasetSchema(new ArrowSchema([.. positions.Select(p => Arrow.Fields[p])]), [.. positions.Select(p => FieldIds[p])]);
    }
}
