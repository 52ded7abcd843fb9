using System.Security.Cryptography;

namespace EventMl.EventStore.Proof;

/// <summary>A key file of the ledger is missing, readable by others, or no key.</summary>
public sealed class LedgerKeyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The public keys whose signatures count.</summary>
public sealed class TrustedKeys : IDisposable
{
    private readonly Dictionary<string, ECDsa> _keys = new(StringComparer.Ordinal);

    /// <summary>The <c>PUBLIC KEY</c> blocks of a PEM text; a ledger whose key was changed has several.</summary>
    /// <exception cref="LedgerKeyException">The text has no such block, or one is not an ECDSA P-256 key.</exception>
    public static TrustedKeys Parse(string pem)
    {
        var trusted = new TrustedKeys { Pem = pem };
        try
        {
            for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
            {
                if (rest[fields.Label] is "PUBLIC KEY")
                {
                    var key = ECDsa.Create();
                    key.ImportFromPem(rest[fields.Location]);
                    trusted._keys[IdOf(key)] = key;
                }
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new LedgerKeyException("A key is not an ECDSA public key in PEM form.", e);
        }

        return trusted._keys.Count > 0 ? trusted : throw new LedgerKeyException("There is no PUBLIC KEY block in the file; give the public key of the ledger in PEM form.");
    }

    /// <summary>The text they were read from.</summary>
    public required string Pem { get; init; }

    /// <summary>Ids of the keys.</summary>
    public IReadOnlyCollection<string> Ids => _keys.Keys;

    /// <summary>Whether one of these keys signed the head.</summary>
    public bool Verify(SignedHead head) =>
        _keys.TryGetValue(head.KeyId, out var key) && key.VerifyData(head.Head.Bytes, head.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }
    }

    /// <summary>SHA-256 of the key's SubjectPublicKeyInfo, hexadecimal.</summary>
    internal static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}

/// <summary>The key that signs heads. It lives in a file outside PostgreSQL, so that who may write every table still cannot sign.</summary>
public sealed class LedgerKey : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly ECDsa _key;

    private LedgerKey(ECDsa key)
    {
        _key = key;
        Id = TrustedKeys.IdOf(key);
    }

    /// <summary>Id of the key.</summary>
    public string Id { get; }

    /// <summary>Where the public keys of a key file stand, those of earlier keys included.</summary>
    public static string PublicPath(string path) => Path.ChangeExtension(path, ".pub.pem");

    /// <summary>The key of that file; makes one, readable by its owner only, when there is none.</summary>
    /// <exception cref="LedgerKeyException">The file is no ECDSA P-256 key, or others may read it.</exception>
    public static LedgerKey OpenOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        var key = Open(path);
        Publish(key, PublicPath(path));
        return key;
    }

    /// <summary>Signs a head.</summary>
    public SignedHead Sign(TreeHead head) => new(head, Id, _key.SignData(head.Bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    /// <inheritdoc />
    public void Dispose() => _key.Dispose();

    private static LedgerKey Open(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
        {
            throw new LedgerKeyException($"The ledger's key {path} can be read or changed by others: chmod 600 it, and replace it if they may have read it.");
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.KeySize != 256)
            {
                throw new CryptographicException($"its size is {key.KeySize}");
            }

            return new LedgerKey(key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new LedgerKeyException($"{path} is not an ECDSA P-256 private key in PEM form ({e.Message}); restore it, or make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", e);
        }
    }

    private static void Create(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }

        WriteNew(path, key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    // Several processes may start at once; the first one's file stands.
    private static void WriteNew(string path, string text)
    {
        var temporary = $"{path}.{Contracts.Ids.New():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(temporary, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(temporary);
        }
    }

    private static void Publish(LedgerKey key, string path)
    {
        var known = File.Exists(path) ? File.ReadAllText(path) : "";
        if (known.Length == 0 || !KnowsKey(known, key.Id))
        {
            var temporary = $"{path}.{Contracts.Ids.New():N}";
            File.WriteAllText(temporary, $"{known}{key._key.ExportSubjectPublicKeyInfoPem()}\n");
            File.Move(temporary, path, overwrite: true);
        }
    }

    private static bool KnowsKey(string pem, string id)
    {
        using var trusted = TrustedKeys.Parse(pem);
        return trusted.Ids.Contains(id);
    }
}
