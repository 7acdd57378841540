// PerformanceObserver needs `immediate` of host:timers and `report` of host:report.
