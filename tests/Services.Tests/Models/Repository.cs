namespace EventMl.Services.Tests.Models;

/// <summary>Finds files of the checkout from the test's build folder.</summary>
internal static class Repository
{
    public static string Path(string relative)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "EventMl.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside a checkout.");
        }

        return System.IO.Path.Combine(folder.FullName, relative);
    }
}
