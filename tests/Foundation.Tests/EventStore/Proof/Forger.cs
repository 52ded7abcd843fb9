using System.Security.Cryptography;
using EventMl.EventStore.Proof;
using Npgsql;

namespace EventMl.Foundation.Tests.EventStore.Proof;

/// <summary>Writes every side table anew so that it fits the events as they are; all that is missing is the key.</summary>
internal static class Forger
{
    public static async Task RewriteAsync(SealedLedger ledger, bool keepSalts = false)
    {
        var db = ledger.Db;
        await ledger.AsSuperuserAsync("""
            create temp table dense as select row_number() over (order by p.position) as position, p.position as was, p.seq_id, p.at
              from ledger.eml_position p join ledger.mt_events e on e.seq_id = p.seq_id;
            delete from ledger.eml_position;
            insert into ledger.eml_position select position, seq_id, at from dense;
            update ledger.eml_head set position = (select count(*) from dense);
            create temp table leaf as select d.position, l.hash, l.data_commitment, l.data_salt, l.headers_commitment, l.headers_salt, l.mask_salt
              from dense d join ledger.eml_leaf l on l.position = d.was;
            delete from ledger.eml_leaf;
            insert into ledger.eml_leaf select * from leaf;
            drop table dense; drop table leaf
            """);
        var tables = new ProofTables("ledger", db.DataSource);
        var tree = new CompactRange();
        var roots = (await tables.RootsAsync(0, 100, CancellationToken.None)).Select(r => r.Root.SignedHead).ToArray();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var previous = (Size: 0L, Root: MerkleHash.Empty);
        var rows = (await tables.RowsAsync(0, 1000, CancellationToken.None)).ToDictionary(r => r.Position);
        foreach (var e in await tables.EventsAsync(0, 1000, CancellationToken.None))
        {
            var old = rows[e.Facts.Position].Leaf;
            byte[] salt = keepSalts && old is not null ? old.DataSalt! : Commitment.NewSalt(), headersSalt = keepSalts && old is not null ? old.HeadersSalt! : Commitment.NewSalt();
            var unchanged = old is { DataSalt: not null } && EventLeaf.Hash(e.Facts, old.DataCommitment, old.HeadersCommitment).AsSpan().SequenceEqual(old.Hash)
                && Commitment.Opens(old.DataCommitment, old.DataSalt, e.Data) && (e.Headers is null ? old.HeadersCommitment is null : old.HeadersCommitment is not null && Commitment.Opens(old.HeadersCommitment, old.HeadersSalt, e.Headers));
            var leaf = unchanged ? old! : new StoredLeaf([], Commitment.Of(salt, e.Data), salt, e.Headers is null ? null : Commitment.Of(headersSalt, e.Headers), headersSalt, null);
            var hash = EventLeaf.Hash(e.Facts, leaf.DataCommitment, leaf.HeadersCommitment);
            await using var update = db.DataSource.CreateCommand("update ledger.eml_leaf set hash = $2, data_commitment = $3, data_salt = $4, headers_commitment = $5, headers_salt = $6 where position = $1");
            update.Parameters.AddRange((NpgsqlParameter[])[
                new() { Value = e.Facts.Position }, new() { Value = hash }, new() { Value = leaf.DataCommitment }, new() { Value = leaf.DataSalt! },
                new() { Value = (object?)leaf.HeadersCommitment ?? DBNull.Value, DataTypeName = "bytea" }, new() { Value = leaf.HeadersSalt! }]);
            await update.ExecuteNonQueryAsync();
            tree.Append(hash);
            if (roots.SingleOrDefault(r => r.Head.Size == tree.Size) is { } root && !root.Head.Root.AsSpan().SequenceEqual(tree.Root()))
            {
                var forged = new TreeHead(tree.Size, tree.Root(), root.Head.At, previous.Size, previous.Root);
                await using var rewrite = db.DataSource.CreateCommand("update ledger.eml_root set root = $2, previous_root = $3, signature = $4, edge = $5 where size = $1");
                rewrite.Parameters.AddRange((NpgsqlParameter[])[
                    new() { Value = tree.Size }, new() { Value = forged.Root }, new() { Value = forged.PreviousRoot },
                    new() { Value = key.SignData(forged.Bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) }, new() { Value = tree.Edge.ToArray() }]);
                await rewrite.ExecuteNonQueryAsync();
            }

            if (roots.Any(r => r.Head.Size == tree.Size))
            {
                previous = (tree.Size, tree.Root());
            }
        }

        await db.ExecuteAsync($"delete from ledger.eml_root where size > {tree.Size}");
    }
}
