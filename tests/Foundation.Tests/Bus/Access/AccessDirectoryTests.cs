using EventMl.Bus;
using EventMl.Contracts;
using EventMl.Contracts.Access;
using EventMl.EventStore;

namespace EventMl.Foundation.Tests.Bus.Access;

public sealed class AccessDirectoryTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly ApiKeySecret _secret = ApiKeySecret.Create(Ids.New(ApiKeySecret.IdPrefix));
    private readonly AccessDirectory _directory = new(TimeProvider.System);

    [Fact]
    public void Nobody_is_known_before_the_first_events()
    {
        _directory.Ready.IsCompleted.ShouldBeFalse();
        _directory.Take([]);
        _directory.Ready.IsCompletedSuccessfully.ShouldBeTrue();
        _directory.Check(_secret.Reveal()).Grant.ShouldBeNull();
        _directory.HasAdminKey.ShouldBeFalse();
    }

    [Theory]
    [InlineData("admin", "viewer", "viewer")]
    [InlineData("viewer", "admin", "viewer")]
    [InlineData("approver", "approver", "approver")]
    public void Key_has_no_more_than_its_principal(string principal, string key, string effective)
    {
        _directory.Take([Event("principal-ann", new PrincipalGranted("ann", principal, ["training", "models"], [], _now)), Issued(key, ["models", "audit"])]);

        var grant = _directory.Check(_secret.Reveal()).Grant!;

        grant.Role.Word().ShouldBe(effective);
        grant.Scopes.ShouldBe(["models"]);
    }

    [Fact]
    public void Rights_are_gone_when_an_event_of_their_stream_cannot_be_read()
    {
        _directory.Take([Event("principal-ann", new PrincipalGranted("ann", "admin", ["*"], ["amqp"], _now)), Issued("admin", ["*"])]);
        _directory.HasAdminKey.ShouldBeTrue();

        _directory.Take([Event("principal-ann", null)]);

        _directory.Check(_secret.Reveal()).Grant.ShouldBeNull();
        _directory.OfBrokerUser("amqp")!.Allows(new AccessRule(Role.Viewer, "training")).ShouldBeFalse();
        _directory.Knows("ann").ShouldBeTrue();
    }

    [Fact]
    public void Broker_user_of_a_revoked_principal_has_no_rights_and_is_no_stranger()
    {
        _directory.Take([Event("principal-ann", new PrincipalGranted("ann", "admin", ["*"], ["amqp"], _now)), Event("principal-ann", new PrincipalRevoked("ann", "left", _now))]);

        _directory.OfBrokerUser("amqp").ShouldNotBeNull().Allows(new AccessRule(Role.Viewer, null)).ShouldBeTrue();
        _directory.OfBrokerUser("amqp")!.Allows(new AccessRule(Role.Viewer, "models")).ShouldBeFalse();
        _directory.OfBrokerUser("other").ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("eml_")]
    [InlineData("eml_0123456789abcdef0123456789abcdef_zz")]
    public void Text_is_no_key_when_it_is_not_whole(string text) => ApiKeySecret.Parse(text).ShouldBeNull();

    [Fact]
    public void Key_survives_its_text_and_one_wrong_digit_is_told()
    {
        var text = _secret.Reveal();

        text.ShouldMatch("^eml_[0-9a-f]{32}_[0-9a-f]{72}$");
        ApiKeySecret.Parse(text)!.Sha256.ShouldBe(_secret.Sha256);
        for (var i = 4; i < text.Length; i++)
        {
            ApiKeySecret.Parse(text[..i] + (text[i] == 'a' ? 'b' : 'a') + text[(i + 1)..]).ShouldBeNull($"digit {i}");
        }
    }

    private StoredEvent Issued(string role, string[] scopes) => Event($"api_key-{_secret.KeyId}", new ApiKeyIssued(_secret.KeyId, "ann", role, scopes, null, _secret.Sha256, _now));

    private static StoredEvent Event(string stream, object? data) =>
        new() { SeqId = 1, Id = Ids.New(), StreamId = stream, Version = 1, Type = "x", Data = data, Utf8Json = "{}"u8.ToArray(), Timestamp = _now };
}
