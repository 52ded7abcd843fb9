using System.Runtime.InteropServices;
using EventMl.Cli;

using var cancelling = new CancellationTokenSource();
var interrupted = false;
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
{
    // The second Ctrl-C ends the process even when something does not let go.
    signal.Cancel = !interrupted;
    interrupted = true;
    cancelling.Cancel();
});

return await new CommandLine(Surroundings.OfThisProcess()).RunAsync(args, cancelling.Token);
