module github.com/dispcheck/dispcheck/tools/serve

go 1.26
