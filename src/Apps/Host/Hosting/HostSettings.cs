using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using EventMl.Bus;
using EventMl.Datasets;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Jobs;
using EventMl.Jobs.Scripts;
using EventMl.Lake;
using EventMl.Lake.S3;

namespace EventMl.Host.Hosting;

/// <summary>Everything a host is told, from the command line and the environment; one place, validated before anything starts.</summary>
public sealed record HostSettings
{
    /// <summary>Areas this process works for.</summary>
    public required IReadOnlySet<string> Areas { get; init; }

    /// <summary>Where REST listens; loopback unless given otherwise.</summary>
    public required string Urls { get; init; }

    /// <summary>The ledger's database.</summary>
    public required LedgerOptions Ledger { get; init; }

    /// <summary>How the ledger is sealed.</summary>
    public required NotaryOptions Notary { get; init; }

    /// <summary>The bus.</summary>
    public required BusOptions Bus { get; init; }

    /// <summary>Who gets in without a key.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>The lake; where an object store holds it, the folder is for what is fetched and being written.</summary>
    public required LakeOptions Lake { get; init; }

    /// <summary>The object store that holds the lake; null where it is in a local folder.</summary>
    public S3Options? LakeStore { get; init; }

    /// <summary>Scripts and inputs.</summary>
    public required ScriptOptions Scripts { get; init; }

    /// <summary>Databases that ingestions may query.</summary>
    public IngestionSources Sources { get; init; } = new();

    /// <summary>Runners of tasks.</summary>
    public JobRunnerOptions Jobs { get; init; } = new();

    /// <summary>The policy that promotions are judged by.</summary>
    public required string PolicyPath { get; init; }

    /// <summary>For the gateway: the address of each area.</summary>
    public IReadOnlyDictionary<string, string> Routes { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads settings from the environment (<c>EVENTML_*</c>); <paramref name="areas"/> empty means all.</summary>
    /// <exception cref="ArgumentException">An area does not exist, or a route is malformed.</exception>
    public static HostSettings Read(IReadOnlyCollection<string> areas, string? urls, IReadOnlyCollection<string> routes)
    {
        var unknown = areas.Except(HostAreas.All.Append(HostAreas.Gateway), StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new ArgumentException($"There is no area '{unknown[0]}'; the areas are {string.Join(", ", HostAreas.All)} and {HostAreas.Gateway}.", nameof(areas));
        }

        var state = Get("EVENTML_STATE_DIR", Path.Combine(Path.GetTempPath(), "eventml"));
        return new HostSettings
        {
            Areas = new HashSet<string>(areas.Count == 0 ? HostAreas.All : areas, StringComparer.Ordinal),
            Urls = urls ?? Get("EVENTML_URLS", "http://127.0.0.1:8000"),
            Ledger = new LedgerOptions { ConnectionString = Get("EVENTML_POSTGRES", "") },
            Notary = ReadNotary(state),
            Bus = new BusOptions
            {
                Transport = Get("EVENTML_BUS", "rabbitmq"),
                Address = Get("EVENTML_RABBITMQ", ""),
                Quorum = Flag("EVENTML_BUS_QUORUM", BusOptions.IsCluster(Get("EVENTML_RABBITMQ", ""))),
            },
            Access = new AccessOptions { AnonymousRole = RoleOrNone("EVENTML_ANONYMOUS_ROLE", "admin") },
            Lake = ReadLake(state, IsS3(Get("EVENTML_LAKE", ""))),
            LakeStore = ReadLakeStore(Get("EVENTML_LAKE", "")),
            Scripts = new ScriptOptions
            {
                StatePath = state,
                ScriptRoots = Paths("EVENTML_SCRIPT_ROOTS"),
                InputRoots = Paths("EVENTML_INPUT_ROOTS"),
                AllowNetwork = Flag("EVENTML_SCRIPT_NETWORK", missing: false),
                Limits = ReadLimits(),
            },
            Sources = ReadSources(Get("EVENTML_SOURCE_CONNECTIONS", "")),
            Jobs = ReadJobs(),
            PolicyPath = Get("EVENTML_PROMOTION_POLICY", Path.Combine(AppContext.BaseDirectory, "policies", "promotion.yaml")),
            Routes = routes.Select(Route).ToDictionary(r => r.Area, r => r.Address, StringComparer.Ordinal),
        };
    }

    private static ScriptLimits ReadLimits()
    {
        const long Megabyte = 1_000_000;
        return new ScriptLimits
        {
            MemoryBytes = Limit("EVENTML_SCRIPT_MEMORY_MB") * Megabyte,
            Processes = Limit("EVENTML_SCRIPT_PROCESSES") ?? new ScriptOptions().Limits.Processes,
            CpuSeconds = Limit("EVENTML_SCRIPT_CPU_SECONDS"),
            Cores = Limit("EVENTML_SCRIPT_CORES"),
            FileBytes = Limit("EVENTML_SCRIPT_FILE_MB") * Megabyte,
            DiskBytes = Limit("EVENTML_SCRIPT_DISK_MB") * Megabyte,
            OpenFiles = Limit("EVENTML_SCRIPT_OPEN_FILES"),
        };

        static long? Limit(string name) => Number(name, 0) is > 0 and var value ? value : null;
    }

    private static IngestionSources ReadSources(string path)
    {
        if (path.Length == 0)
        {
            return new IngestionSources();
        }

        try
        {
            return new IngestionSources { Connections = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path)) ?? [] };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ArgumentException($"EVENTML_SOURCE_CONNECTIONS names '{path}', which {(e is JsonException ? "is no JSON object of connection strings by name" : $"cannot be read: {e.Message}")}", nameof(path), e);
        }
    }

    private static JobRunnerOptions ReadJobs()
    {
        var options = new JobRunnerOptions { Concurrency = Number("EVENTML_JOBS", 1) };
        var lease = TimeSpan.FromSeconds(Number("EVENTML_JOB_LEASE_SECONDS", (int)options.LeaseTime.TotalSeconds));
        options = options with { LeaseTime = lease, Heartbeat = lease / 5 };
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }

    private static LakeOptions ReadLake(string state, bool isRemote)
    {
        var options = new LakeOptions { Root = isRemote ? Get("EVENTML_LAKE_CACHE", Path.Combine(state, "lake-cache")) : Get("EVENTML_LAKE", Path.Combine(state, "lake")) };
        return options with { CacheBytes = Number("EVENTML_LAKE_CACHE_GIB", (int)(options.CacheBytes >> 30)) * (1L << 30) };
    }

    private static bool IsS3(string lake) => lake.StartsWith("s3:", StringComparison.OrdinalIgnoreCase);

    private static S3Options? ReadLakeStore(string lake)
    {
        if (!IsS3(lake))
        {
            return null;
        }

        var place = Uri.TryCreate(lake, UriKind.Absolute, out var uri) && uri is { Host.Length: > 0, Query: "", Fragment: "", UserInfo: "" }
            ? uri
            : throw new ArgumentException($"EVENTML_LAKE is '{lake}'; say s3://BUCKET or s3://BUCKET/PREFIX, or a local folder.", nameof(lake));
        var endpoint = Get("EVENTML_LAKE_ENDPOINT", "");
        var options = new S3Options
        {
            Bucket = place.Host,
            Prefix = Uri.UnescapeDataString(place.AbsolutePath).Trim('/'),
            AccessKey = Needed("EVENTML_LAKE_ACCESS_KEY"),
            SecretKey = Needed("EVENTML_LAKE_SECRET_KEY"),
            PathStyle = Flag("EVENTML_LAKE_PATH_STYLE", missing: endpoint.Length > 0),
        };
        return options with
        {
            Endpoint = endpoint.Length == 0 ? null
                : Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
                : throw new ArgumentException($"EVENTML_LAKE_ENDPOINT is '{endpoint}'; it must be the store's address, such as https://s3.example.org.", nameof(lake)),
            Region = Get("EVENTML_LAKE_REGION", options.Region),
        };
    }

    private static string Needed(string name) => Get(name, "") is { Length: > 0 } value ? value : throw new ArgumentException($"EVENTML_LAKE names an object store, so {name} must be given.", name);

    private static NotaryOptions ReadNotary(string state)
    {
        var options = new NotaryOptions { KeyPath = Get("EVENTML_LEDGER_KEY", Path.Combine(state, "keys", "ledger.pem")) };
        options = options with
        {
            EventsPerAnchor = Number("EVENTML_LEDGER_ANCHOR_EVENTS", options.EventsPerAnchor),
            AnchorInterval = TimeSpan.FromSeconds(Number("EVENTML_LEDGER_ANCHOR_SECONDS", (int)options.AnchorInterval.TotalSeconds)),
        };
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }

    private static Role? RoleOrNone(string name, string missing) => Get(name, missing) is var word && word == "none"
        ? null
        : Roles.Parse(word) ?? throw new ArgumentException($"{name} is '{word}'; it must be none or one of: {string.Join(", ", Roles.Words)}.", name);

    private static int Number(string name, int missing) =>
        Get(name, "") is not { Length: > 0 } text ? missing
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw new ArgumentException($"{name} is '{text}'; it must be a whole number from 1.", name);

    private static bool Flag(string name, bool missing) => Get(name, "") switch
    {
        "" => missing,
        "true" => true,
        "false" => false,
        var text => throw new ArgumentException($"{name} is '{text}'; it must be 'true' or 'false'.", name),
    };

    private static string Get(string name, string missing) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : missing;

    private static string[] Paths(string name) => Get(name, "").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static (string Area, string Address) Route(string text) =>
        text.Split('=', 2) is [var area, var address] && Uri.TryCreate(address, UriKind.Absolute, out _)
            ? (area, address)
            : throw new ArgumentException($"The route '{text}' is not AREA=URL, such as training=http://127.0.0.1:8002.", nameof(text));
}
