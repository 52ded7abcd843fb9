using System.Buffers.Binary;
using System.Text;
using EventMl.Torch;
using static EventMl.Torch.torch;

namespace EventMl.Foundation.Tests.Torch;

[Collection(TorchTests.Name)]
public sealed class SafeTensorsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Gives_back_what_was_saved_for_every_element_type()
    {
        var types = Enum.GetValues<ScalarType>();
        var saved = types.ToDictionary(t => $"tensor.{t}", t => arange(6).reshape(2, 3).to_type(t));
        saved["empty"] = zeros([0, 4]);
        saved["one"] = tensor(3.5f);
        saved["transposed"] = arange(6).reshape(2, 3).t();
        SafeTensors.Save(_folder["a.safetensors"], saved, new Dictionary<string, string> { ["note"] = "grüße \"x\"" });
        var loaded = SafeTensors.Load(_folder["a.safetensors"], out var metadata);
        metadata["note"].ShouldBe("grüße \"x\"");
        loaded.Keys.ShouldBe(saved.Keys, ignoreOrder: true);
        foreach (var (name, value) in saved)
        {
            loaded[name].dtype.ShouldBe(value.dtype, name);
            loaded[name].equal(value).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void Leaves_the_old_file_when_saving_fails()
    {
        SafeTensors.Save(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["x"] = ones(2) });
        var gone = ones(2);
        gone.Dispose();
        Should.Throw<ObjectDisposedException>(() => SafeTensors.Save(_folder["a.safetensors"], new Dictionary<string, Tensor> { ["x"] = gone }));
        SafeTensors.Load(_folder["a.safetensors"])["x"].equal(ones(2)).ShouldBeTrue();
        Directory.GetFiles(_folder.Path).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("", 8, "JSON")]
    [InlineData("[]", 0, "not of the expected kind")]
    [InlineData("{", 0, "JSON")]
    [InlineData("{}{}", 0, "JSON")]
    [InlineData("{\"x\":7}", 0, "'x' is not of the expected kind")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "cut off")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12, "belong to none")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "needs 12 bytes")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "whole number")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}}", 8, "whole number")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "before it begins")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,16],\"data_offsets\":[0,0]}}", 0, "shape of more than")]
    [InlineData("{\"x\":{\"dtype\":\"F9\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "unknown dtype 'F9'")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "needs dtype")]
    [InlineData("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "repeated")]
    [InlineData("{\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", 8, "occurs twice")]
    [InlineData("{\"x\":{\"dtype\":\"U8\",\"shape\":[6],\"data_offsets\":[0,6]},\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", 8, "overlaps")]
    [InlineData("{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", 8, "nothing is said")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "'a'")]
    [InlineData("{\"x\":[[[[[[[[[[[[]]]]]]]]]]]]}", 0, "expected kind")]
    public void Refuses_broken_headers_with_a_reason(string header, int dataBytes, string reason)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.UTF8.GetBytes(header, bytes.AsSpan(8));
        var message = Should.Throw<TorchException>(() => SafeTensors.Read(new MemoryStream(bytes), out _)).Message;
        message.ShouldContain(reason);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "fewer than the 8")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "more than the limit")]
    [InlineData(new byte[] { 100, 0, 0, 0, 0, 0, 0, 0, 1 }, "cut off")]
    public void Refuses_broken_lengths_with_a_reason(byte[] bytes, string reason) =>
        Should.Throw<TorchException>(() => SafeTensors.Read(new MemoryStream(bytes), out _)).Message.ShouldContain(reason);

    [Fact]
    public void Never_fails_otherwise_when_bytes_are_flipped()
    {
        using var whole = new MemoryStream();
        SafeTensors.Write(whole, new Dictionary<string, Tensor> { ["x"] = ones(2, 3), ["y"] = arange(4) });
        var random = new Random(7);
        var refused = 0;
        for (var round = 0; round < 2000; round++)
        {
            var bytes = whole.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length - 56)] = (byte)random.Next(256);
            using var scope = NewDisposeScope();
            try
            {
                SafeTensors.Read(new MemoryStream(bytes), out _);
            }
            catch (TorchException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(1000);
    }
}
