using System.Text;
using EventMl.Policy;

namespace EventMl.Models.Promoting;

/// <summary>The promotion policy on disk, read anew for each decision so that a changed policy needs no restart.</summary>
internal sealed class PolicyFile(ModelsOptions options)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="PolicyException">It cannot be read or is not a policy; the message names the file.</exception>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var policy = await File.ReadAllTextAsync(options.PolicyPath, StrictUtf8, cancellationToken);
            Gate.Validate(policy);
            return policy;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException or PolicyException)
        {
            throw new PolicyException($"The promotion policy {options.PolicyPath} cannot be used: {e.Message} Correct the file and promote again.", e);
        }
    }
}
