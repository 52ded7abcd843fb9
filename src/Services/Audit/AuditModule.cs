using EventMl.Audit.Replaying;
using EventMl.Audit.Telling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Audit;

/// <summary>Wiring of the audit area, which only reads the ledger.</summary>
public static class AuditModule
{
    /// <summary>Adds the readers; needs a ledger.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<HistoryReader>();

    /// <summary>The area's REST: <c>/audit</c>.</summary>
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        var audit = api.MapGroup("/audit").WithTags("audit");
        audit.MapGet("/history", HistoryEndpoint.GetAsync);
        audit.MapGet("/decisions/{id}/replay", ReplayEndpoint.GetAsync);
    }
}
