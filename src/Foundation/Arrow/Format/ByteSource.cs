using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace EventMl.Arrow.Format;

/// <summary>Random access to bytes that may exceed 2 GiB.</summary>
internal abstract class ByteSource : IDisposable
{
    public abstract long Length { get; }

    /// <summary>A view of a range; the caller has checked that it lies inside.</summary>
    public abstract ReadOnlyMemory<byte> Slice(long offset, int length);

    public abstract void Dispose();
}

internal sealed class MemorySource(ReadOnlyMemory<byte> bytes) : ByteSource
{
    private bool _disposed;

    public override long Length => bytes.Length;

    public override ReadOnlyMemory<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(ArrowFile));
        return bytes.Slice((int)offset, length);
    }

    public override void Dispose() => _disposed = true;
}

/// <summary>A whole file mapped read-only into memory.</summary>
internal sealed unsafe class MappedSource : ByteSource
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private int _disposed;

    public MappedSource(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        Length = RandomAccess.GetLength(handle);
        _file = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _start += _view.PointerOffset;
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public override long Length { get; }

    public override ReadOnlyMemory<byte> Slice(long offset, int length) => length == 0 ? default : new Window(this, offset, length).Memory;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>A range of the mapping; asking for its span after the file was closed throws instead of reading unmapped memory.</summary>
    private sealed class Window(MappedSource source, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(source._disposed != 0, typeof(ArrowFile));
            return new Span<byte>(source._start + offset, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ObjectDisposedException.ThrowIf(source._disposed != 0, typeof(ArrowFile));
            return new MemoryHandle(source._start + offset + elementIndex);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
