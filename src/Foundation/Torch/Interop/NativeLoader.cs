using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EventMl.Torch.Interop;

/// <summary>Finds and loads libeventml_torch.so on the first call, so that processes which never train or serve never pay for libtorch.</summary>
internal static class NativeLoader
{
    public const string PathVariable = "EVENTML_TORCH_NATIVE";
    private const string FileName = "libeventml_torch.so";
    private const int AbiVersion = 1;

    // Set before the first P/Invoke of this assembly, whoever makes it.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == Native.Library ? Loaded.Handle : 0;

    private static class Loaded
    {
        public static readonly nint Handle = Load();
    }

    private static nint Load()
    {
        var configured = Environment.GetEnvironmentVariable(PathVariable);
        var path = string.IsNullOrEmpty(configured) ? Path.Combine(AppContext.BaseDirectory, FileName) : configured;
        if (!File.Exists(path))
            throw new TorchException($"The native library {path} does not exist. Run `./eventml up`, which builds it from src/Foundation/Torch/native, or set {PathVariable} to a built {FileName}.");
        nint handle;
        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new TorchException($"The native library {path} cannot be loaded ({e.Message.Trim()}). It belongs to one exact libtorch: install libtorch-dev and build src/Foundation/Torch/native again, or run `./eventml up`.", e);
        }

        VerifyAbi(handle, path);
        return handle;
    }

    private static unsafe void VerifyAbi(nint handle, string path)
    {
        var version = NativeLibrary.TryGetExport(handle, "em_abi_version", out var entry) ? ((delegate* unmanaged<int>)entry)() : 0;
        if (version != AbiVersion)
            throw new TorchException($"The native library {path} has ABI version {version}, this assembly needs {AbiVersion}. Build src/Foundation/Torch/native again, or run `./eventml up`.");
        ((delegate* unmanaged<int>)NativeLibrary.GetExport(handle, "em_init"))();
    }
}
