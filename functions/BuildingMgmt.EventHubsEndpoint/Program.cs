using BuildingMgmt.EventHubsEndpoint;

return await EndpointCommand.RunAsync(args);
