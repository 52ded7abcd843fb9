namespace EventMl.Foundation.Tests.Lake;

public sealed class LakeOperationsOnS3RowsTests : LakeOperationsSuite<S3RowsLake>;

public sealed class LakeOperationsOnConditionalS3Tests : LakeOperationsSuite<ConditionalS3Lake>;

// What conflicts is decided above the storage; the other two run in every test.
[Trait("Category", "Deep")]
public sealed class LakeConflictsOnS3RowsTests : LakeConflictSuite<S3RowsLake>;

public sealed class LakeConflictsOnConditionalS3Tests : LakeConflictSuite<ConditionalS3Lake>;

public sealed class LakeCollectionOnS3RowsTests : LakeCollectionSuite<S3RowsLake>;

public sealed class LakeCollectionOnConditionalS3Tests : LakeCollectionSuite<ConditionalS3Lake>;

public sealed class LakeHistoryOnS3RowsTests : LakeHistorySuite<S3RowsLake>;

public sealed class LakeHistoryOnConditionalS3Tests : LakeHistorySuite<ConditionalS3Lake>;

public sealed class LakeStorageOnDiskTests : LakeStorageSuite<DiskLake>;

public sealed class LakeStorageOnS3RowsTests : LakeStorageSuite<S3RowsLake>;

public sealed class LakeStorageOnConditionalS3Tests : LakeStorageSuite<ConditionalS3Lake>;

public sealed class LakeOperationsOnDiskTests : LakeOperationsSuite<DiskLake>;

public sealed class LakeConflictsOnDiskTests : LakeConflictSuite<DiskLake>;

public sealed class LakeCollectionOnDiskTests : LakeCollectionSuite<DiskLake>;

public sealed class LakeHistoryOnDiskTests : LakeHistorySuite<DiskLake>;

public sealed class LakeKillsOnS3RowsTests : LakeKillSuite<S3RowsLake>;

public sealed class LakeKillsOnConditionalS3Tests : LakeKillSuite<ConditionalS3Lake>;
