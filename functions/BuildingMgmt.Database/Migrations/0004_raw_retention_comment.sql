COMMENT ON COLUMN building.raw_retention_days IS
    'readings that are older than this when they arrive are refused; null refuses none; nothing is deleted';
