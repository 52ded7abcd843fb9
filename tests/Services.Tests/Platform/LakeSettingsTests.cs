using EventMl.Host.Hosting;

namespace EventMl.Services.Tests.Platform;

/// <summary>Where the lake is, as the environment says it; nothing else in this process reads these variables.</summary>
public sealed class LakeSettingsTests : IDisposable
{
    private static readonly string[] s_names = ["", "_ENDPOINT", "_REGION", "_ACCESS_KEY", "_SECRET_KEY", "_PATH_STYLE", "_CACHE", "_CACHE_GIB"];

    [Fact]
    public void Is_a_folder_when_no_store_is_named()
    {
        var settings = Read(("", "/srv/lake"));

        settings.LakeStore.ShouldBeNull();
        settings.Lake.Root.ShouldBe("/srv/lake");
    }

    [Fact]
    public void Is_an_object_store_with_a_local_cache_when_one_is_named()
    {
        var settings = Read(
            ("", "s3://bucket/team/a/"), ("_ENDPOINT", "http://127.0.0.1:9000"), ("_ACCESS_KEY", "id"), ("_SECRET_KEY", "secret"), ("_REGION", "eu"), ("_CACHE", "/srv/cache"), ("_CACHE_GIB", "3"));

        var store = settings.LakeStore.ShouldNotBeNull();
        (store.Bucket, store.Prefix, store.Region, store.AccessKey, store.SecretKey).ShouldBe(("bucket", "team/a", "eu", "id", "secret"));
        store.Endpoint.ShouldBe(new Uri("http://127.0.0.1:9000"));
        store.PathStyle.ShouldBeTrue();
        settings.Lake.Root.ShouldBe("/srv/cache");
        settings.Lake.CacheBytes.ShouldBe(3L << 30);
        Read(("", "s3://bucket"), ("_ACCESS_KEY", "id"), ("_SECRET_KEY", "secret")).LakeStore!.PathStyle.ShouldBeFalse("Amazon's own store wants the bucket in the host's name");
    }

    [Theory]
    [InlineData("s3://", "", "id", "say s3://BUCKET")]
    [InlineData("s3://user@bucket/x", "", "id", "say s3://BUCKET")]
    [InlineData("s3://bucket", "127.0.0.1:9000", "id", "EVENTML_LAKE_ENDPOINT")]
    [InlineData("s3://bucket", "http://127.0.0.1:9000", "", "EVENTML_LAKE_ACCESS_KEY must be given")]
    public void Says_what_to_change_when_a_value_is_wrong(string lake, string endpoint, string key, string message) =>
        Should.Throw<ArgumentException>(() => Read(("", lake), ("_ENDPOINT", endpoint), ("_ACCESS_KEY", key), ("_SECRET_KEY", "secret"))).Message.ShouldContain(message);

    public void Dispose() => Set([]);

    private static HostSettings Read(params (string Name, string Value)[] values)
    {
        Set(values);
        return HostSettings.Read([], urls: null, []);
    }

    private static void Set((string Name, string Value)[] values)
    {
        foreach (var name in s_names)
        {
            Environment.SetEnvironmentVariable("EVENTML_LAKE" + name, values.FirstOrDefault(v => v.Name == name).Value);
        }
    }
}
