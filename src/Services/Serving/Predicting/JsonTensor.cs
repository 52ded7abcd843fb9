using System.Text.Json;

namespace EventMl.Serving.Predicting;

/// <summary>Reads samples from the nested numbers of TensorFlow Serving's JSON.</summary>
internal static class JsonTensor
{
    private const int MaxDepth = 8;
    private const int MaxNumbers = 1 << 26;

    /// <summary>The numbers of a list of samples, one after the other. A sample is nested like the model's input (lengths of 1 may be left out),
    /// a flat list, or <c>{"b64":"…"}</c> with a PNG or raw bytes.</summary>
    /// <exception cref="InvalidInputException">A sample does not fit; the message names it.</exception>
    public static float[] Samples(RunningModel model, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw new InvalidInputException("\"instances\" must be a list with at least one sample.");
        }

        var samples = list.GetArrayLength();
        if ((long)samples * model.SampleLength > MaxNumbers)
        {
            throw new InvalidInputException($"The request has {samples} samples; at most {MaxNumbers / model.SampleLength} are accepted at once.");
        }

        var numbers = new float[samples * model.SampleLength];
        var index = 0;
        foreach (var sample in list.EnumerateArray())
        {
            Read(model, sample, index, numbers.AsSpan(index * model.SampleLength, model.SampleLength));
            index++;
        }

        return numbers;
    }

    private static void Read(RunningModel model, JsonElement sample, int index, Span<float> target)
    {
        if (sample.ValueKind == JsonValueKind.Object)
        {
            ReadObject(model, sample, index, target);
            return;
        }

        var shape = new List<long>();
        var count = 0;
        Flatten(sample, 0, shape, target, ref count, index);
        var fits = shape is [var flat] ? flat == target.Length : shape.Where(n => n != 1).SequenceEqual(model.Definition.Input.Shape.Where(n => n != 1));
        if (!fits || count != target.Length)
        {
            throw Wrong(model, index, $"has shape [{string.Join(", ", shape)}]");
        }
    }

    private static void ReadObject(RunningModel model, JsonElement sample, int index, Span<float> target)
    {
        if (sample.TryGetProperty(model.Definition.Input.Name, out var named))
        {
            Read(model, named, index, target);
        }
        else if (sample.TryGetProperty("b64", out var base64) && base64.ValueKind == JsonValueKind.String)
        {
            var bytes = ImageInput.Decode(model, base64.GetString());
            for (var i = 0; i < bytes.Length; i++)
            {
                target[i] = bytes[i];
            }
        }
        else
        {
            throw Wrong(model, index, $"is an object without \"{model.Definition.Input.Name}\" or \"b64\"");
        }
    }

    private static void Flatten(JsonElement value, int depth, List<long> shape, Span<float> target, ref int count, int index)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidInputException($"Sample {index} is nested more than {MaxDepth} deep.");
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            var length = value.GetArrayLength();
            if (shape.Count == depth)
            {
                shape.Add(length);
            }
            else if (shape[depth] != length)
            {
                throw new InvalidInputException($"Sample {index} is ragged: lists of {shape[depth]} and {length} at the same depth.");
            }

            foreach (var item in value.EnumerateArray())
            {
                Flatten(item, depth + 1, shape, target, ref count, index);
            }

            return;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetSingle(out var number) || !float.IsFinite(number))
        {
            throw new InvalidInputException($"Sample {index} holds {value.ValueKind} where a finite number is expected.");
        }

        if (depth != shape.Count)
        {
            throw new InvalidInputException($"Sample {index} is ragged: numbers at different depths.");
        }

        if (count < target.Length)
        {
            target[count] = number;
        }

        count++;
    }

    private static InvalidInputException Wrong(RunningModel model, int index, string what) =>
        new($"Sample {index} {what}; model '{model.Name}' takes shape [{string.Join(", ", model.Definition.Input.Shape)}] or {model.SampleLength} numbers in a row.");
}
