using System.Runtime.InteropServices;

namespace EventMl.Arrow;

/// <summary>A length of time in days and milliseconds, which are kept apart because days differ in length.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct DayTimeInterval(int Days, int Milliseconds);

/// <summary>A length of time in months, days and nanoseconds, which are kept apart because months and days differ in length.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct MonthDayNanoInterval(int Months, int Days, long Nanoseconds);
