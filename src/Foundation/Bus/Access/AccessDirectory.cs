using System.Security.Cryptography;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Bus;

/// <summary>What came of looking at a key: rights, or a sentence that says why there are none.</summary>
public sealed record KeyCheck(Grant? Grant, string? KeyId, DateTimeOffset? ExpiresAt, string? Problem);

/// <summary>Who may do what, in memory and folded from the ledger; it stays as it is while the database is away.</summary>
public sealed class AccessDirectory(TimeProvider clock)
{
    private const string UnknownKey = "There is no such key; check that it was copied whole, or ask an admin for a new one.";
    private static readonly byte[] _nothing = new byte[SHA256.HashSizeInBytes];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _principals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _brokerUsers = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Pulse _changed = new();

    /// <summary>Completes when everything that is in the ledger is known here; nobody is let in before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes at the next change; take it before looking.</summary>
    public Task Changed => _changed.Next;

    /// <summary>Whether somebody holds a key that can manage the others.</summary>
    public bool HasAdminKey
    {
        get
        {
            lock (_lock)
            {
                return _keys.Values.Any(k => Problem(k) is null && GrantOf(k) is { } grant && grant.Allows(new AccessRule(Role.Admin, AccessStreams.Area)));
            }
        }
    }

    /// <summary>The rights of whoever sent a key; what is wrong is told only to those who have the secret.</summary>
    public KeyCheck Check(string? text)
    {
        if (text is null || ApiKeySecret.Parse(text) is not { } sent)
        {
            return new KeyCheck(null, null, null, "That is no key of this platform; it looks like eml_… and must be copied whole.");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(sent.Secret.Span, hash);
        lock (_lock)
        {
            var key = _keys.GetValueOrDefault(sent.KeyId);
            // Unknown keys are compared too, so that time tells nothing.
            if (!CryptographicOperations.FixedTimeEquals(hash, key?.Sha256 ?? _nothing) || key is null)
            {
                return new KeyCheck(null, sent.KeyId, null, UnknownKey);
            }

            return Problem(key) is { } problem ? new KeyCheck(null, key.Id, key.ExpiresAt, problem) : new KeyCheck(GrantOf(key), key.Id, key.ExpiresAt, null);
        }
    }

    /// <summary>Whether a key that was checked before is still good.</summary>
    public bool IsGood(string keyId)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(keyId, out var key) && Problem(key) is null;
        }
    }

    /// <summary>Whether the name is, or was, a principal's.</summary>
    public bool Knows(string principal)
    {
        lock (_lock)
        {
            return _principals.ContainsKey(principal);
        }
    }

    /// <summary>The rights of a principal; null when there is none of the name, or it was revoked.</summary>
    public Grant? OfPrincipal(string name)
    {
        lock (_lock)
        {
            return _principals.TryGetValue(name, out var entry) && entry.Rights is { } rights ? new Grant(name, rights.Role, rights.Scopes) : null;
        }
    }

    /// <summary>The rights of the principal that a broker user speaks for, none if it was revoked; null when the user speaks for nobody.</summary>
    public Grant? OfBrokerUser(string user)
    {
        lock (_lock)
        {
            return _brokerUsers.TryGetValue(user, out var name) ? OfPrincipal(name) ?? Grant.Nothing(name) : null;
        }
    }

    /// <summary>Takes in events of <see cref="AccessStreams"/> in ledger order; all that is there at first, then what is new.</summary>
    public void Take(IReadOnlyList<StoredEvent> events)
    {
        lock (_lock)
        {
            foreach (var e in events)
            {
                Apply(e);
            }
        }

        _ready.TrySetResult();
        if (events.Count > 0)
        {
            _changed.Raise();
        }
    }

    private void Apply(StoredEvent e)
    {
        switch (e.Data)
        {
            case PrincipalGranted g:
                Set(g.Principal, g.Role, g.Scopes, g.BrokerUsers);
                break;
            case PrincipalChanged c:
                Set(c.Principal, c.Role, c.Scopes, c.BrokerUsers);
                break;
            case PrincipalRevoked r:
                // Its broker users stay known, so that they do not become somebody whom nobody knows.
                _principals[r.Principal] = new Entry(null);
                break;
            case ApiKeyIssued i:
                _keys[i.KeyId] = new Key(i.KeyId, i.Principal, Roles.Parse(i.Role), i.Scopes, i.ExpiresAt, Hash(i.SecretSha256), null);
                break;
            case ApiKeyRevoked r when _keys.TryGetValue(r.KeyId, out var key):
                _keys[r.KeyId] = key with { RevokedAt = r.RevokedAt };
                break;
            case null when e.StreamId.StartsWith(AccessStreams.Principal + "-", StringComparison.Ordinal):
                // Of another build, or damaged: it may have taken rights away, so none are left.
                _principals[e.StreamId[(AccessStreams.Principal.Length + 1)..]] = new Entry(null);
                break;
            case null:
                _keys.Remove(e.StreamId[(e.StreamId.IndexOf('-', StringComparison.Ordinal) + 1)..]);
                break;
        }
    }

    private void Set(string principal, string role, IReadOnlyList<string> scopes, IReadOnlyList<string> brokerUsers)
    {
        foreach (var user in _brokerUsers.Where(u => u.Value == principal).Select(u => u.Key).ToArray())
        {
            _brokerUsers.Remove(user);
        }

        _principals[principal] = new Entry(Roles.Parse(role) is { } known ? (known, scopes) : null);
        foreach (var user in brokerUsers)
        {
            _brokerUsers[user] = principal;
        }
    }

    private string? Problem(Key key) =>
        key.RevokedAt is { } at ? $"The key {key.Id} was revoked at {at:u}; ask an admin for a new one."
        : key.ExpiresAt is { } end && end <= clock.GetUtcNow() ? $"The key {key.Id} expired at {end:u}; ask an admin for a new one."
        : GrantOf(key) is null ? $"{key.Principal}, whose key this is, has no rights any more; ask an admin."
        : null;

    // A principal that lost rights takes them from its keys too.
    private Grant? GrantOf(Key key) => key.Role is { } role && OfPrincipal(key.Principal) is { } owner
        ? new Grant(owner.Principal, role < owner.Role ? role : owner.Role, Scopes.Both(key.Scopes, owner.Scopes))
        : null;

    private static byte[]? Hash(string hex)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        return Convert.FromHexString(hex, hash, out _, out var written) == System.Buffers.OperationStatus.Done && written == hash.Length ? hash : null;
    }

    private sealed record Entry((Role Role, IReadOnlyList<string> Scopes)? Rights);

    private sealed record Key(string Id, string Principal, Role? Role, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, byte[]? Sha256, DateTimeOffset? RevokedAt);
}
