using System.Collections.Immutable;

namespace EventMl.Arrow.Format;

/// <summary>A batch and the dictionaries that were valid when it came.</summary>
internal sealed record BatchContent(BatchHeader Header, IReadOnlyDictionary<long, DictionaryGeneration> Dictionaries)
{
    public RecordBatch ToRecordBatch(ArrowSchema schema, ArrowReadOptions options)
    {
        var budget = new UnpackBudget(options.MaxUnpackedBytes);
        return new RecordBatch(schema, Header.Length, column => new ColumnLoader(Header, Dictionaries, budget).LoadColumn(schema, column));
    }
}

/// <summary>Follows the messages of a file or stream: the schema, then dictionaries and batches.</summary>
internal sealed class IpcDecoder(string name, ArrowReadOptions options)
{
    private readonly UnpackBudget _dictionaryBudget = new(options.MaxUnpackedBytes);
    private Dictionary<long, ArrowField> _valueFields = [];
    private ImmutableDictionary<long, DictionaryGeneration> _dictionaries = ImmutableDictionary<long, DictionaryGeneration>.Empty;
    private int _batches;

    public ArrowSchema? Schema { get; private set; }

    /// <summary>In a file every dictionary is valid for every batch, so none may be replaced.</summary>
    public bool IsFile { get; init; }

    public void Begin(FlatBufferTable schema)
    {
        Schema = SchemaCodec.Read(schema);
        _valueFields = SchemaCodec.DictionaryFields(Schema);
    }

    /// <summary>Takes the next message; a batch is handed out.</summary>
    public BatchContent? Take(in IpcMessage message, ByteSource source, long body)
    {
        switch (message.Kind)
        {
            case MessageKind.Schema when Schema is null && !IsFile:
                Begin(message.Header);
                return null;
            case MessageKind.DictionaryBatch when Schema is not null:
                TakeDictionary(message, source, body);
                return null;
            case MessageKind.RecordBatch when Schema is not null:
                return new BatchContent(new BatchHeader(message.Header, message.Version, source, body, message.BodyLength, $"{name}, batch {_batches++}"), _dictionaries);
            default:
                throw new ArrowFormatException($"{name} has a message of kind {(byte)message.Kind} where {(Schema is null ? "its schema" : "a dictionary or batch")} should be.");
        }
    }

    private void TakeDictionary(in IpcMessage message, ByteSource source, long body)
    {
        var id = message.Header.Int64(0);
        var isDelta = message.Header.Int8(2) != 0;
        var where = $"{name}, dictionary {id}";
        if (message.Header.Table(1) is not { } values)
            throw new ArrowFormatException($"{where} has no values.");
        if (!_valueFields.TryGetValue(id, out var field))
            throw new ArrowFormatException($"{where} belongs to no column of the schema.");
        var known = _dictionaries.TryGetValue(id, out var generation);
        if (isDelta && !known)
            throw new ArrowFormatException($"{where} goes on before it began: a delta without first values.");
        if (IsFile && known && !isDelta)
            throw new ArrowFormatException($"{where} is replaced, which only streams may do.");
        var header = new BatchHeader(values, message.Version, source, body, message.BodyLength, where);
        if (!isDelta)
            _dictionaries = _dictionaries.SetItem(id, generation = new DictionaryGeneration(field, _dictionaryBudget));
        generation!.Add(header);
    }
}
