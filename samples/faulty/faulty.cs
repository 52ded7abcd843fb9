// Everything that may go wrong with a script, chosen by the parameter "fault"; shows how each ends its task.
using System.Runtime.InteropServices;
using EventMl.Sdk;

return Script.Run((inputPath, outputPath, parameters, job) =>
{
    var fault = parameters.Text("fault", "none");
    Console.Write($"fault: {fault}");
    switch (fault)
    {
        case "throw":
            throw new InvalidDataException("the data is upside down");
        case "hang":
            job.Progress(1, 2, "hanging");
            new ManualResetEventSlim().Wait();
            break;
        case "segfault":
            Native.Fill(16, 0, 1);
            break;
        case "nan":
            job.Epoch(1, 2, new Dictionary<string, double> { ["loss"] = 0.5 });
            job.Epoch(2, 2, new Dictionary<string, double> { ["loss"] = double.NaN });
            new ManualResetEventSlim().Wait();
            break;
        case "polite":
            job.Progress(1, 2, "waiting");
            job.CancellationToken.WaitHandle.WaitOne();
            job.CancellationToken.ThrowIfCancellationRequested();
            break;
        case "parameter":
            parameters.WholeNumber("epochs");
            break;
    }

    job.Progress(1, 1);
    return new { total_records = 3, input = inputPath };
});

static partial class Native
{
    [DllImport("libc", EntryPoint = "memset")]
    public static extern nint Fill(nint address, int value, nint length);
}
