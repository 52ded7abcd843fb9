using EventMl.Lake.Storage;

namespace EventMl.Lake;

/// <summary>One immutable version of a dataset or model.</summary>
public sealed record LakeVersion
{
    /// <summary>Dataset or model.</summary>
    public required LakeKind Kind { get; init; }

    /// <summary>The name shared by all versions.</summary>
    public required string Name { get; init; }

    /// <summary>1 for the first version, without gaps.</summary>
    public required long Version { get; init; }

    /// <summary><c>sha256:</c> and the Merkle root over the manifest, which names every byte of this version on every machine.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// Absolute folder that <see cref="LakeFile.Path"/> is relative to, or its address in an object store, where <see cref="LakeStore.FetchAsync"/>
    /// gives a local folder; for a model it holds exactly the model's files.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>When the version was committed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The columns of a dataset; empty for a model.</summary>
    public required IReadOnlyList<LakeField> Fields { get; init; }

    /// <summary>Rows of a dataset; 0 for a model.</summary>
    public required long NumRows { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The files in order.</summary>
    public required IReadOnlyList<LakeFile> Files { get; init; }

    /// <summary>Free key-value pairs: those of the Arrow files' schema and of the transaction, which wins.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The id of the transaction that made this version.</summary>
    public required string TransactionId { get; init; }

    /// <summary>What the transaction called its work, for instance <c>append</c> or <c>ingest</c>.</summary>
    public string Operation { get; init; } = "";

    /// <summary>The version that the work was based on; null when it was the first, or made by a program that did not note it.</summary>
    public long? ReadVersion { get; init; }

    /// <summary>Bytes of the data files that this version brought; null when made by a program that did not note it.</summary>
    public long? BytesWritten { get; init; }

    internal StoredManifest? Stored { get; init; }

    internal LakeTable? Table { get; init; }

    /// <summary><c>lake://datasets/NAME@VERSION</c> or <c>lake://models/NAME@VERSION</c>.</summary>
    public string Uri => $"lake://{LakeNames.Folder(Kind)}/{Name}@{Version}";
}

/// <summary>A column of a dataset; the type is named as in <c>float32</c>, <c>string</c> or <c>fixed_size_list&lt;float32&gt;[784]</c>.</summary>
public sealed record LakeField(string Name, string Type, bool Nullable, IReadOnlyDictionary<string, string> Metadata);

/// <summary>A file of a version: path relative to <see cref="LakeVersion.Path"/>, size, hash (64 hexadecimal digits) and rows.</summary>
public sealed record LakeFile(string Path, long Bytes, string Sha256, long Rows);
