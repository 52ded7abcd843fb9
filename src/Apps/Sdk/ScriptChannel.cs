using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EventMl.Sdk;

/// <summary>The request line, as the platform writes it.</summary>
internal sealed record ScriptRequest
{
    public int Protocol { get; init; } = 1;

    public string TaskId { get; init; } = "";

    public int Attempt { get; init; } = 1;

    public string InputPath { get; init; } = "";

    public string OutputPath { get; init; } = "";

    public string CheckpointPath { get; init; } = "";

    public string WorkPath { get; init; } = "";

    public JsonElement Params { get; init; }

    public JsonElement Extra { get; init; }
}

/// <summary>The script protocol on standard input and output.</summary>
internal sealed class ScriptChannel : IDisposable
{
    private const int SupportedProtocol = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // Names of statistics and metrics are the user's and stay as they are.
    private static readonly JsonSerializerOptions Verbatim = new(Json) { PropertyNamingPolicy = null };

    private readonly Lock _lock = new();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly LineStartWriter _console;

    private ScriptChannel() => _console = new LineStartWriter(_output, _lock);

    /// <summary>Takes over standard output, so that messages always begin a line.</summary>
    public static ScriptChannel Open()
    {
        var channel = new ScriptChannel();
        Console.SetOut(channel._console);
        return channel;
    }

    /// <exception cref="InvalidDataException">There is no request, or it is of a newer protocol.</exception>
    public static ScriptRequest ReadRequest()
    {
        var line = Console.In.ReadLine()
            ?? throw new InvalidDataException("No request arrived on standard input; scripts are started by the platform (./eventml).");
        try
        {
            var request = JsonSerializer.Deserialize<ScriptRequest>(line, Json) ?? throw new InvalidDataException("The request is null.");
            return request.Protocol == SupportedProtocol
                ? request
                : throw new InvalidDataException($"The platform speaks script protocol {request.Protocol}; this EventMl.Sdk speaks {SupportedProtocol}. Use the Sdk of the platform's version.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("The request on standard input is not valid JSON.", e);
        }
    }

    /// <summary>Ends this process when the host is gone, and reports a request to cancel.</summary>
    public static void WatchHost(Action onCancel)
    {
        var thread = new Thread(() =>
        {
            while (Console.In.ReadLine() is { } line)
            {
                if (line.Contains("\"cancel\"", StringComparison.Ordinal))
                {
                    onCancel();
                }
            }

            // End of input: nobody is left to take a result.
            Environment.FailFast(null);
        })
        { IsBackground = true, Name = "eventml host watch" };
        thread.Start();
    }

    public void Send(object message)
    {
        var bytes = Encoding.UTF8.GetBytes("::eventml " + JsonSerializer.Serialize(message, Verbatim));
        lock (_lock)
        {
            _console.StartLine();
            _output.Write(bytes);
            _output.WriteByte((byte)'\n');
            _output.Flush();
        }
    }

    public void Dispose() => _console.Flush();

    /// <summary>Standard output for the user's own printing, which knows whether it is at the beginning of a line.</summary>
    private sealed class LineStartWriter(Stream output, Lock @lock) : TextWriter
    {
        private bool _inLine;

        public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

        public override void Write(char value) => Write([value]);

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(string? value) => Write(value.AsSpan());

        public override void WriteLine(string? value) => Write((value + "\n").AsSpan());

        public override void Write(ReadOnlySpan<char> buffer)
        {
            if (buffer.IsEmpty)
            {
                return;
            }

            var bytes = new byte[Encoding.GetMaxByteCount(buffer.Length)];
            var count = Encoding.GetBytes(buffer, bytes);
            lock (@lock)
            {
                output.Write(bytes, 0, count);
                output.Flush();
                _inLine = buffer[^1] != '\n';
            }
        }

        public void StartLine()
        {
            if (_inLine)
            {
                output.WriteByte((byte)'\n');
                _inLine = false;
            }
        }
    }
}
