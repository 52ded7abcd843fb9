using EventMl.Audit.Masking;
using EventMl.Audit.Replaying;
using EventMl.Audit.Telling;
using EventMl.Audit.Verifying;
using EventMl.Bus;
using EventMl.EventStore;
using EventMl.EventStore.Proof;
using EventMl.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EventMl.Audit;

/// <summary>The audit area: reads the ledger, seals it, proves it and masks it; it has no commands on the bus.</summary>
public static class AuditModule
{
    /// <summary>Name of the area and of its schema.</summary>
    public const string Schema = "audit";

    /// <summary>What the ledger says about itself: its anchors and its maskings.</summary>
    public static CategoryOwner Owner { get; } = new(Schema, "ledger");

    /// <summary>The area's readers and the notary; it needs the lake.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services, NotaryOptions notary) => services
        .AddSingleton<HistoryReader>()
        .AddSingleton<ProofReader>()
        .AddSingleton<IAnchorStore, LakeAnchors>()
        .AddLedgerNotary(notary);

    /// <summary>The area's REST.</summary>
    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api = api.InArea(Schema);
        api.MapGet("/events", EventsEndpoint.FollowAsync).Needs(Role.Viewer);
        var audit = api.MapGroup("/audit");
        audit.MapGet("/history", HistoryEndpoint.GetAsync).Needs(Role.Viewer);
        audit.MapGet("/decisions/{id}/replay", ReplayEndpoint.GetAsync).Needs(Role.Viewer);
        audit.MapGet("/verify", VerifyEndpoints.VerifyAsync).Needs(Role.Viewer);
        audit.MapGet("/export", VerifyEndpoints.ExportAsync).Needs(Role.Viewer);
        audit.MapGet("/events/{position:long}/proof", VerifyEndpoints.ProveAsync).Needs(Role.Viewer);
        audit.MapPost("/events/{position:long}/mask", MaskEndpoint.PostAsync).Needs(Role.Admin);
    }
}
