namespace EventMl.Data.Vectors;

/// <summary>The k nearest seen so far, the farthest of them on top.</summary>
internal sealed class NeighborHeap(int k)
{
    private readonly Neighbor[] _items = new Neighbor[k];

    public int Count { get; private set; }

    /// <summary>Whatever is farther than this is not wanted any more; neither is what has no finite distance.</summary>
    public float Limit { get; private set; } = float.MaxValue;

    public void Offer(Neighbor neighbor)
    {
        // Written so that NaN and both infinities fail.
        if (!(Math.Abs(neighbor.Distance) <= float.MaxValue))
            return;
        if (Count < k)
        {
            Rise(Count++, neighbor);
        }
        else if (neighbor < _items[0])
        {
            Sink(neighbor);
        }

        if (Count == k)
            Limit = _items[0].Distance;
    }

    public void OfferAll(NeighborHeap other)
    {
        foreach (var neighbor in other._items.AsSpan(0, other.Count))
            Offer(neighbor);
    }

    public Neighbor[] ToSorted()
    {
        var sorted = _items[..Count];
        Array.Sort(sorted);
        return sorted;
    }

    private void Rise(int position, Neighbor neighbor)
    {
        while (position > 0 && _items[(position - 1) / 2] < neighbor)
        {
            _items[position] = _items[(position - 1) / 2];
            position = (position - 1) / 2;
        }

        _items[position] = neighbor;
    }

    private void Sink(Neighbor neighbor)
    {
        var position = 0;
        while ((2 * position) + 1 < Count)
        {
            var child = (2 * position) + 1;
            if (child + 1 < Count && _items[child + 1] > _items[child])
                child++;
            if (_items[child] <= neighbor)
                break;
            _items[position] = _items[child];
            position = child;
        }

        _items[position] = neighbor;
    }
}
