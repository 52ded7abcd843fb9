namespace EventMl.Arrow.Format;

/// <summary>What a message holds; the values are those of the format.</summary>
internal enum MessageKind : byte
{
    Schema = 1,
    DictionaryBatch = 2,
    RecordBatch = 3,
}

/// <summary>The checked metadata of one message.</summary>
internal readonly record struct IpcMessage(MessageKind Kind, FlatBufferTable Header, short Version, long BodyLength)
{
    /// <summary>Stands before the length of a message's metadata; older writers leave it out.</summary>
    public const int Continuation = -1;

    /// <summary>V5 as the format numbers it; its V4 is the oldest that is read.</summary>
    public const short CurrentVersion = 4;

    private const short OldestVersion = 3;

    public static IpcMessage Parse(byte[] metadata, string what)
    {
        var message = new FlatBuffer(metadata, what).Root();
        var version = message.Int16(0);
        if (version is < OldestVersion or > CurrentVersion)
            throw new ArrowFormatException($"{what} has metadata version {version + 1}; versions 4 and 5 are supported.");
        var bodyLength = message.Int64(3);
        if (bodyLength < 0)
            throw new ArrowFormatException($"{what} has a body of {bodyLength} bytes.");
        return message.Table(2) is { } header
            ? new IpcMessage((MessageKind)message.Int8(1), header, version, bodyLength)
            : throw new ArrowFormatException($"{what} has no content.");
    }
}
