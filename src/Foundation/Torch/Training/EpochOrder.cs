using System.Numerics;
using System.Runtime.InteropServices;

namespace EventMl.Torch;

/// <summary>The order of the rows in one epoch: a shuffle that depends on seed and epoch only, so that a resumed run goes on in the same order.</summary>
internal static class EpochOrder
{
    public static int[] Shuffle(int count, long seed, int epoch)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++) order[i] = i;
        var random = new Xoshiro256((ulong)seed, (ulong)epoch);
        for (var i = count - 1; i > 0; i--)
        {
            var j = random.Below((uint)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    /// <summary>xoshiro256**, which unlike System.Random is the same in every .NET version.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Xoshiro256
    {
        private ulong _a, _b, _c, _d;

        public Xoshiro256(ulong seed, ulong stream)
        {
            var state = seed;
            state = Mix(ref state) ^ stream;
            (_a, _b, _c, _d) = (Mix(ref state), Mix(ref state), Mix(ref state), Mix(ref state));
        }

        public int Below(uint bound)
        {
            // Without the rejected part the low numbers would come a little more often.
            var product = (ulong)(uint)(Next() >> 32) * bound;
            if ((uint)product < bound)
            {
                var threshold = (0u - bound) % bound;
                while ((uint)product < threshold) product = (ulong)(uint)(Next() >> 32) * bound;
            }

            return (int)(product >> 32);
        }

        private ulong Next()
        {
            var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
            var t = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= t;
            _d = BitOperations.RotateLeft(_d, 45);
            return result;
        }

        private static ulong Mix(ref ulong state)
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
