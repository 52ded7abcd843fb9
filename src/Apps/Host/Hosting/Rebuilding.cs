using EventMl.EventStore;

namespace EventMl.Host.Hosting;

/// <summary>Builds views again from the ledger while hosts work on.</summary>
internal static class Rebuilding
{
    public const string All = "all";

    /// <summary>Rebuilds one view, or all, and prints what was found.</summary>
    /// <exception cref="ArgumentException">There is no view of that name.</exception>
    public static async Task RunAsync(HostSettings settings, string name, CancellationToken cancellationToken)
    {
        settings = settings with { Areas = new HashSet<string>(HostAreas.All, StringComparer.Ordinal) };
        var services = new ServiceCollection();
        services.AddLogging();
        PlatformHost.AddAreas(services, settings);
        await using var provider = services.BuildServiceProvider();
        var views = provider.GetServices<IInlineView>().Where(v => name == All || name == $"{v.Schema}.{v.Table}").ToArray();
        if (views.Length == 0)
        {
            var known = string.Join(", ", provider.GetServices<IInlineView>().Select(v => $"{v.Schema}.{v.Table}").Order(StringComparer.Ordinal));
            throw new ArgumentException($"There is no view '{name}'. Say {All}, or one of: {known}.", nameof(name));
        }

        var rebuild = new ViewRebuild(provider.GetRequiredService<Ledger>());
        foreach (var view in views)
        {
            var report = await rebuild.RunAsync(view, cancellationToken);
            var verdict = report.Changed == 0 ? "as it was" : $"{report.Changed} corrected";
            Console.WriteLine($"{report.View}: {report.Rows} rows from {report.Events} events of {report.Streams} streams in {report.Elapsed.TotalSeconds:F1} s, {verdict}");
        }
    }
}
