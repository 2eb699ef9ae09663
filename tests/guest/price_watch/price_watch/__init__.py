"""Price watch: citizens are told when something gets as cheap as they wished, and the province hears of every price.

It listens to `market_prices.posted` and knows nothing else of that module.
"""
