using System.Buffers.Binary;
using System.Text.Json;
using EventMl.Torch.Interop;
using EventMl.Torch.Storage;
using static EventMl.Torch.torch;

namespace EventMl.Torch;

/// <summary>Named tensors in a file that Python, Rust and JavaScript read too: 8 bytes of header length, a JSON header, raw little-endian data.</summary>
public static class SafeTensors
{
    /// <summary>Writes the tensors to a file that appears whole or not at all.</summary>
    public static void Save(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var all = tensors.ToList();
        AtomicFile.Write(path, stream => Write(stream, all, metadata));
    }

    /// <summary>Writes the tensors to a stream.</summary>
    public static unsafe void Write(Stream stream, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        // Wide types first, so that every tensor is aligned to its elements.
        var all = tensors.Select(t => (Name: t.Key, Tensor: t.Value, Type: t.Value.dtype, Shape: t.Value.shape)).OrderByDescending(t => SizeOf(t.Type)).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
        var header = Header(all, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var (_, tensor, _, _) in all)
        {
            using var detached = tensor.detach();
            using var onCpu = detached.cpu();
            using var flat = onCpu.contiguous();
            Native.Check(Native.em_tensor_data(flat.Handle, out var data));
            var bytes = flat.NumberOfElements * SizeOf(flat.dtype);
            for (var done = 0L; done < bytes;)
            {
                var part = (int)Math.Min(bytes - done, 1 << 24);
                stream.Write(new ReadOnlySpan<byte>((void*)(data + (nint)done), part));
                done += part;
            }
        }
    }

    /// <summary>Reads all tensors of a file; a damaged or hostile one gives a <see cref="TorchException"/>.</summary>
    public static Dictionary<string, Tensor> Load(string path) => Load(path, out _);

    /// <summary>Reads all tensors and the metadata of a file; a damaged or hostile one gives a <see cref="TorchException"/>.</summary>
    public static Dictionary<string, Tensor> Load(string path, out IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            return Read(file, out metadata);
        }
        catch (TorchException e)
        {
            throw new TorchException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Reads all tensors and the metadata of a seekable stream.</summary>
    public static unsafe Dictionary<string, Tensor> Read(Stream stream, out IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var available = stream.Length - stream.Position;
        if (available < 8) throw SafeTensorsHeader.Broken($"it has {available} bytes, fewer than the 8 of the header's length");
        Span<byte> prefix = stackalloc byte[8];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafeTensorsHeader.MaxBytes) throw SafeTensorsHeader.Broken($"the header claims {length} bytes, more than the limit of {SafeTensorsHeader.MaxBytes}");
        if (length > (ulong)(available - 8)) throw SafeTensorsHeader.Broken($"the header claims {length} bytes, but only {available - 8} follow; the file is cut off");
        var header = new byte[length];
        stream.ReadExactly(header);
        var (entries, read) = SafeTensorsHeader.Parse(header, available - 8 - (long)length);
        var origin = stream.Position;
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var entry in entries.OrderBy(e => e.Begin))
            {
                var tensor = empty(entry.Shape, entry.Type);
                tensors.Add(entry.Name, tensor);
                stream.Position = origin + entry.Begin;
                Native.Check(Native.em_tensor_data(tensor.Handle, out var data));
                for (var done = entry.Begin; done < entry.End;)
                {
                    var part = (int)Math.Min(entry.End - done, 1 << 24);
                    stream.ReadExactly(new Span<byte>((void*)(data + (nint)(done - entry.Begin)), part));
                    done += part;
                }
            }
        }
        catch
        {
            foreach (var tensor in tensors.Values) tensor.Dispose();
            throw;
        }

        metadata = read;
        return tensors;
    }

    private static byte[] Header(List<(string Name, Tensor Tensor, ScalarType Type, long[] Shape)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }

            var offset = 0L;
            foreach (var (name, _, type, shape) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafeTensorsHeader.NameOf(type));
                json.WriteStartArray("shape");
                foreach (var size in shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += shape.Aggregate((long)SizeOf(type), (a, b) => checked(a * b));
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8 align the data.
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}
