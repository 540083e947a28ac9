# The commands of this project; each is a script in tools/.
.PHONY: help run demo dev test schemathesis crash timelines bench fmt lint size site

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: ## install what is missing, build, serve on 127.0.0.1:3000
	@tools/run.sh

demo: ## send a believable fleet's life to the running board
	@tools/demo.sh

dev: ## build quickly, serve, rebuild whenever a file changes
	@tools/dev.sh

test: ## all tests, those in a browser included
	@tools/test.sh

schemathesis: ## the live server against its own description (EXAMPLES=200 for a long run)
	@tools/schemathesis.sh

crash: ## 200 x kill -9 under load
	@tools/crash.sh

timelines: ## 100,000 generated timelines of alerts against an oracle
	@BELLWETHER_TIMELINES=100000 cargo test --features ssr --lib -- pipeline::alerts::tests --nocapture

bench: ## measure against floors and peers
	@tools/bench.sh

fmt: ## format
	@cargo fmt

lint: ## clippy over both halves, warnings denied
	@tools/setup.sh && tools/lint.sh

size: ## weigh what a browser downloads against the budget
	@tools/setup.sh && tools/site.sh && node tools/size.mjs

site: ## build the browser half into target/site
	@tools/setup.sh && tools/site.sh
