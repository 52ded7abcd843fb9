using EventMl.Lake.Storage;

namespace EventMl.Foundation.Tests.Lake;

/// <summary>Fetched files stay below a limit without taking what is in use.</summary>
public sealed class FetchedSpaceTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly StandingClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Takes_the_least_recently_used_first_when_there_is_too_much()
    {
        var space = new FetchedSpace(_folder.Root, 1000, _clock);
        string[] files = [.. Enumerable.Range(0, 5).Select(i =>
        {
            _clock.Now += TimeSpan.FromHours(1);
            return Fetch(space, $"{i}", 200);
        })];
        _clock.Now += TimeSpan.FromHours(1);
        space.TryUse(files[0]).ShouldBeTrue();
        _clock.Now += TimeSpan.FromHours(1);

        Fetch(space, "new", 400);

        files.Where(File.Exists).ShouldBe([files[0], files[3], files[4]]);
        space.TryUse(files[1]).ShouldBeFalse();
    }

    [Fact]
    public void Keeps_what_was_used_just_now_even_beyond_the_limit()
    {
        var space = new FetchedSpace(_folder.Root, 1000, _clock);
        string[] files = [.. Enumerable.Range(0, 5).Select(i => Fetch(space, $"{i}", 600))];

        files.ShouldAllBe(f => File.Exists(f));
        _clock.Now += TimeSpan.FromMinutes(11);
        Fetch(space, "new", 600);

        files.Where(File.Exists).ShouldBeEmpty();
    }

    [Fact]
    public void Counts_only_what_was_filled_of_files_with_holes_and_removes_those_of_dead_processes()
    {
        var dead = new FetchedSpace(_folder.Root, 1000, _clock);
        var left = Write(dead, Path.Combine(dead.Partial, "left"), 100);
        _clock.Now += TimeSpan.FromHours(2);
        var space = new FetchedSpace(_folder.Root, 1000, _clock);
        var holes = Write(space, Path.Combine(space.Partial, "holes"), 50_000);
        space.Add(holes, 300);
        _clock.Now += TimeSpan.FromMinutes(30);

        Fetch(space, "new", 200);

        File.Exists(left).ShouldBeFalse();
        File.Exists(holes).ShouldBeTrue();
        space.Add(holes, 600);
        File.Exists(holes).ShouldBeFalse("1100 bytes were filled");
    }

    public void Dispose() => _folder.Dispose();

    private static string Fetch(FetchedSpace space, string name, int bytes)
    {
        var path = Write(space, Path.Combine(space.Whole, name), bytes);
        space.Add(path, bytes);
        return path;
    }

    private static string Write(FetchedSpace space, string path, int bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[bytes]);
        space.TryUse(path);
        return path;
    }
}
