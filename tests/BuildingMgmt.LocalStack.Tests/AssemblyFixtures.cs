using System.Runtime.Versioning;
using BuildingMgmt.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
[assembly: AssemblyFixture(typeof(AzuriteFixture))]
// File modes and signals are looked at directly.
[assembly: UnsupportedOSPlatform("windows")]
