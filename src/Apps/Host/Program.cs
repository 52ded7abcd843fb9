using EventMl.Host.Hosting;
using EventMl.Host.Jobs;

if (args is ["job", var kind])
{
    return await BuiltInJobs.RunAsync(kind);
}

return await HostCommand.RunAsync(args);
