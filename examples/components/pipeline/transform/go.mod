module pipeline-transform

go 1.24
