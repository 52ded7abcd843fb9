using System.Collections.Concurrent;
using EventMl.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EventMl.Jobs;

/// <summary>Claims the jobs of one area and does them: renews leases on its own timer, ends a job's executor on cancellation or a lost lease, gives jobs back on shutdown.</summary>
/// <param name="queue">The area's jobs.</param>
/// <param name="executors">One per kind.</param>
/// <param name="options">How to work.</param>
/// <param name="clock">Timers and local durations; leases themselves follow the database's clock.</param>
/// <param name="logger">Where troubles are reported.</param>
public sealed class JobRunner(JobQueue queue, IEnumerable<IJobExecutor> executors, JobRunnerOptions options, TimeProvider clock, ILogger<JobRunner> logger) : BackgroundService
{
    private readonly Dictionary<string, IJobExecutor> _executors = executors.ToDictionary(e => e.Kind, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <summary>Name of this runner in the rows it holds: machine, process, and a random part.</summary>
    public string Owner { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Contracts.Ids.New().ToString("N")[^8..]}";

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var slots = new SemaphoreSlim(options.Concurrency);
        try
        {
            while (true)
            {
                await slots.WaitAsync(stoppingToken);
                var lease = await ClaimAsync(stoppingToken);
                if (lease is not null)
                {
                    Start(lease, slots, stoppingToken);
                    continue;
                }

                slots.Release();
                await queue.Signal.WaitAsync(options.PollInterval, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running.Keys);
        }
    }

    private async Task<JobLease?> ClaimAsync(CancellationToken stoppingToken)
    {
        try
        {
            return await queue.ClaimAsync(Owner, _executors.Keys, options.LeaseTime, stoppingToken);
        }
        catch (NpgsqlException e)
        {
            logger.LogWarning(e, "The job queue cannot be read; trying again.");
            return null;
        }
    }

    private void Start(JobLease lease, SemaphoreSlim slots, CancellationToken stoppingToken)
    {
        var job = Task.Run(() => RunAsync(lease, stoppingToken), CancellationToken.None);
        _running[job] = 0;
        _ = job.ContinueWith(
            done =>
            {
                _running.TryRemove(done, out _);
                if (!stoppingToken.IsCancellationRequested)
                {
                    slots.Release();
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task RunAsync(JobLease lease, CancellationToken stoppingToken)
    {
        using var area = AreaScope.Enter(queue.Schema);
        var control = new JobControl();
        using var cancel = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();
        using var stop = stoppingToken.Register(() =>
        {
            control.Stop();
            cancel.Cancel();
        });
        var heartbeat = HeartbeatAsync(lease, control, cancel, ended.Token);
        try
        {
            await _executors[lease.Kind].ExecuteAsync(lease, control, cancel.Token);
        }
        catch (JobFencedException e)
        {
            logger.LogWarning("Job {Job}: {Reason}", lease.Id, e.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && control.MustLeave)
        {
            // The executor left as it was asked to.
        }
        catch (Exception e)
        {
            // Edge of the process: the job is claimed again when its lease runs out, which also keeps a failing executor from spinning.
            logger.LogError(e, "Attempt {Attempt} of job {Job} ended by a defect; it will be tried again after its lease.", lease.Attempt, lease.Id);
        }

        await ended.CancelAsync();
        await heartbeat;
        if (control.Stopping && !control.Lost)
        {
            await GiveBackAsync(lease);
        }
    }

    private async Task HeartbeatAsync(JobLease lease, JobControl control, CancellationTokenSource cancel, CancellationToken ended)
    {
        var renewed = clock.GetTimestamp();
        using var timer = new PeriodicTimer(options.Heartbeat, clock);
        try
        {
            // The first beat is immediate: a job cancelled while it was queued learns of it at once.
            do
            {
                try
                {
                    var asked = clock.GetTimestamp();
                    var state = await queue.RenewAsync(lease, options.LeaseTime, ended);
                    if (state.Status == LeaseStatus.Lost)
                    {
                        await LoseAsync();
                        return;
                    }

                    renewed = asked;
                    if (state.Status == LeaseStatus.CancelRequested)
                    {
                        control.Cancel(state.CancelCode!);
                        await cancel.CancelAsync();
                    }
                }
                catch (NpgsqlException e)
                {
                    logger.LogWarning("The lease of job {Job} could not be renewed: {Reason}", lease.Id, e.Message);
                    if (clock.GetElapsedTime(renewed) >= options.LeaseTime)
                    {
                        await LoseAsync();
                        return;
                    }
                }
            }
            while (await timer.WaitForNextTickAsync(ended));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The executor is done.
        }

        async Task LoseAsync()
        {
            if (!ended.IsCancellationRequested)
            {
                logger.LogWarning("The lease of job {Job} (attempt {Attempt}) is gone; its work is ended.", lease.Id, lease.Attempt);
                control.Lose();
                await cancel.CancelAsync();
            }
        }
    }

    private async Task GiveBackAsync(JobLease lease)
    {
        try
        {
            await queue.ReleaseAsync(lease, CancellationToken.None);
        }
        catch (NpgsqlException e)
        {
            logger.LogWarning("Job {Job} could not be given back and waits for its lease to run out: {Reason}", lease.Id, e.Message);
        }
    }
}
