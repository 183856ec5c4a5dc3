# Two-wave models of the same people: loadings and intercepts equal over time, residuals of one item correlated.
# Rscript waves.R, in this folder. Writes waves.json.
suppressMessages({library(lavaan); library(jsonlite)})
answers <- read.csv("data/two_waves.csv", check.names = FALSE)
models <- list(
  configural = "before =~ a1 + a2 + a3 + a4
                after =~ b1 + b2 + b3 + b4",
  metric = "before =~ a1 + l2*a2 + l3*a3 + l4*a4
            after =~ b1 + l2*b2 + l3*b3 + l4*b4",
  scalar = "before =~ a1 + l2*a2 + l3*a3 + l4*a4
            after =~ b1 + l2*b2 + l3*b3 + l4*b4
            a1 ~ i1*1; b1 ~ i1*1; a2 ~ i2*1; b2 ~ i2*1; a3 ~ i3*1; b3 ~ i3*1; a4 ~ i4*1; b4 ~ i4*1
            after ~ 1")
pairs <- "\na1 ~~ b1; a2 ~~ b2; a3 ~~ b3; a4 ~~ b4"
fits <- lapply(models, function(text) cfa(paste(text, pairs), answers, estimator = "MLR", missing = "fiml",
                                          meanstructure = TRUE))
measures <- c("chisq.scaled", "df", "cfi.robust", "rmsea.robust", "srmr")
fit <- lapply(fits, function(found) as.list(fitMeasures(found, measures)))
last <- parameterEstimates(fits$scalar)
mean <- last[last$op == "~1" & last$lhs == "after", ]
spread <- sqrt(last[last$op == "~~" & last$lhs == "before" & last$rhs == "before", "est"])
same <- standardizedSolution(fits$metric)
same <- same[same$op == "~~" & same$lhs == "before" & same$rhs == "after", ]
tests <- lapply(2:3, function(k) {
  found <- lavTestLRT(fits[[k - 1]], fits[[k]], method = "satorra.bentler.2001")
  list(statistic = found[2, "Chisq diff"], df = found[2, "Df diff"], p = found[2, "Pr(>Chisq)"])
})
found <- list(fit = fit, tests = tests, mean_change = mean$est / spread, mean_change_lower = mean$ci.lower / spread,
              stability = same$est.std, versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))))
write(toJSON(found, auto_unbox = TRUE, digits = 12, pretty = TRUE), "waves.json")
