using EventMl.Audit.Replaying;
using EventMl.Audit.Telling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Audit;

/// <summary>The audit area: it only reads the ledger, so it has no commands, categories or tables.</summary>
public static class AuditModule
{
    /// <summary>The area's readers.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<HistoryReader>();

    /// <summary>The area's REST.</summary>
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapGet("/events", EventsEndpoint.FollowAsync);
        var audit = api.MapGroup("/audit");
        audit.MapGet("/history", HistoryEndpoint.GetAsync);
        audit.MapGet("/decisions/{id}/replay", ReplayEndpoint.GetAsync);
    }
}
