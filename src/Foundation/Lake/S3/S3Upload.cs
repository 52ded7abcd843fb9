using Amazon.S3;
using Amazon.S3.Model;

namespace EventMl.Lake.S3;

/// <summary>Local files into a store, large ones in parts, never more than a buffer of them in memory.</summary>
internal static class S3Upload
{
    public static async Task StoreAsync(AmazonS3Client client, S3Options options, string key, string localFile, CancellationToken ct)
    {
        var bytes = new FileInfo(localFile).Length;
        if (bytes <= options.PartBytes)
        {
            await using var file = Open(localFile);
            await client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = key, InputStream = file, UseChunkEncoding = false }, ct);
            return;
        }

        // At most 10 000 parts are allowed.
        var size = Math.Max(options.PartBytes, (bytes / 10_000) + 1);
        var upload = (await client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = key }, ct)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            for (var number = 1; (number - 1) * size < bytes; number++)
            {
                await using var file = Open(localFile);
                file.Position = (number - 1) * size;
                var part = await client.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = options.Bucket, Key = key, UploadId = upload, PartNumber = number, PartSize = Math.Min(size, bytes - file.Position), InputStream = file, UseChunkEncoding = false,
                }, ct);
                parts.Add(new PartETag(number, part.ETag));
            }

            await client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload, PartETags = parts }, ct);
        }
        catch
        {
            await AbortAsync(client, options, key, upload);
            throw;
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous);

    // Parts of an upload that is never completed cost their place until the bucket's rules remove them.
    private static async Task AbortAsync(AmazonS3Client client, S3Options options, string key, string upload)
    {
        try
        {
            await client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload }, CancellationToken.None);
        }
        catch (Amazon.Runtime.AmazonServiceException)
        {
            // The first failure is the one to tell.
        }
    }
}
