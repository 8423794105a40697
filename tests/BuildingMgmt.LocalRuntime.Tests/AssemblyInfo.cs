using BuildingMgmt.Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]
