module github.com/cordonhq/cordon

go 1.26
