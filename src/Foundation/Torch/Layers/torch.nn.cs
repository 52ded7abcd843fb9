using System.Globalization;
using EventMl.Torch.Interop;
using EventMl.Torch.Modules;

namespace EventMl.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A dense layer of [.., in] to [.., out].</summary>
        public static Linear Linear(long inputSize, long outputSize, bool hasBias = true) => new(inputSize, outputSize, hasBias);

        /// <summary>A convolution with square kernels.</summary>
        public static Conv2d Conv2d(long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1, long groups = 1, bool bias = true) =>
            new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (dilation, dilation), groups, bias);

        /// <summary>A convolution with sizes given as (height, width).</summary>
        public static Conv2d Conv2d(long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, long groups = 1, bool bias = true) =>
            new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups, bias);

        /// <summary>Maxima of square windows; the stride is the window's size unless given.</summary>
        public static MaxPool2d MaxPool2d(long kernel_size, long? stride = null, long padding = 0) => new(kernel_size, stride, padding);

        /// <summary>Sets negative numbers to zero.</summary>
        public static ReLU ReLU() => new();

        /// <summary>Joins the dimensions from start to end.</summary>
        public static Flatten Flatten(long start_dim = 1, long end_dim = -1) => new(start_dim, end_dim);

        /// <summary>Drops numbers with probability p in training.</summary>
        public static Dropout Dropout(double p = 0.5) => new(p);

        /// <summary>Normalises each channel.</summary>
        public static BatchNorm2d BatchNorm2d(long features, double eps = 1e-5, double momentum = 0.1) => new(features, eps, momentum);

        /// <summary>Mean cross-entropy.</summary>
        public static CrossEntropyLoss CrossEntropyLoss() => new();

        /// <summary>Mean squared difference.</summary>
        public static MSELoss MSELoss() => new();

        /// <summary>Named modules one after the other.</summary>
        public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules)
        {
            ArgumentNullException.ThrowIfNull(modules);
            return new Sequential(modules);
        }

        /// <summary>Modules one after the other, named "0", "1", ….</summary>
        public static Sequential Sequential(params Module<Tensor, Tensor>[] modules)
        {
            ArgumentNullException.ThrowIfNull(modules);
            return new Sequential(modules.Select((m, i) => (i.ToString(CultureInfo.InvariantCulture), m)));
        }

        /// <summary>Layers and losses as functions.</summary>
        public static class functional
        {
            /// <summary>x·Wᵀ + b.</summary>
            public static Tensor linear(Tensor input, Tensor weight, Tensor? bias = null) =>
                Tensor.Made(Native.em_linear(Of(input), Of(weight), OrNone(bias), out var h), h);

            /// <summary>Two-dimensional convolution.</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Convolve(input, weight, bias, Pair(strides, 1), Pair(padding, 0), Pair(dilation, 1), groups);

            /// <summary>Maxima of square windows.</summary>
            public static Tensor max_pool2d(Tensor input, long kernel_size, long? stride = null, long padding = 0)
            {
                var step = stride ?? kernel_size;
                return Tensor.Made(Native.em_max_pool2d(Of(input), [kernel_size, kernel_size], [step, step], [padding, padding], out var h), h);
            }

            /// <summary>Max(x, 0).</summary>
            public static Tensor relu(Tensor input) => Required(input).relu();

            /// <summary>Softmax over a dimension.</summary>
            public static Tensor softmax(Tensor input, long dim) => Required(input).softmax(dim);

            /// <summary>Logarithm of softmax over a dimension.</summary>
            public static Tensor log_softmax(Tensor input, long dim) => Required(input).log_softmax(dim);

            /// <summary>Drops numbers with probability p when training.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true) =>
                Tensor.Made(Native.em_dropout(Of(input), p, training ? 1 : 0, out var h), h);

            /// <summary>Normalises each channel; in training updates the running statistics.</summary>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                Tensor.Made(Native.em_batch_norm(Of(input), OrNone(weight), OrNone(bias), OrNone(running_mean), OrNone(running_var), training ? 1 : 0, momentum, eps, out var h), h);

            /// <summary>Mean cross-entropy of logits [batch, classes] against int64 labels [batch].</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target) =>
                Tensor.Made(Native.em_cross_entropy(Of(input), Of(target), out var h), h);

            /// <summary>Mean squared difference of equal shapes.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target) =>
                Tensor.Made(Native.em_mse_loss(Of(input), Of(target), out var h), h);

            internal static Tensor Convolve(Tensor input, Tensor weight, Tensor? bias, long[] stride, long[] padding, long[] dilation, long groups) =>
                Tensor.Made(Native.em_conv2d(Of(input), Of(weight), OrNone(bias), stride, padding, dilation, groups, out var h), h);

            internal static long CountCorrect(Tensor logits, Tensor labels)
            {
                Native.Check(Native.em_count_correct(Of(logits), Of(labels), out var correct));
                return correct;
            }

            private static TensorHandle Of(Tensor tensor) => Required(tensor).Handle;

            private static TensorHandle OrNone(Tensor? tensor) => tensor?.Handle ?? TensorHandle.None;

            private static Tensor Required(Tensor tensor)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                return tensor;
            }

            private static long[] Pair(long[]? values, long missing) => values switch
            {
                null => [missing, missing],
                [var both] => [both, both],
                [_, _] => values,
                _ => throw new ArgumentException($"One or two numbers are needed, not {values.Length}.", nameof(values)),
            };
        }
    }
}
