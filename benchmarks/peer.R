# One job in R: Rscript peer.R task data.csv answer.json
suppressMessages({library(lavaan); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
items <- read.csv(arguments[2])
named <- grep("^C[0-9]_", names(items), value = TRUE)
factors <- split(named, substr(named, 2, 2))
model <- paste0("F", names(factors), " =~ ", sapply(factors, paste, collapse = "+"), collapse = "\n")

correlations <- function() {
  r <- lavCor(items, ordered = names(items), output = "cor")
  pairs <- which(upper.tri(r), arr.ind = TRUE)
  function() list(estimates = setNames(as.list(r[pairs]), paste0(names(items)[pairs[, 1]], "~~", names(items)[pairs[, 2]])))
}
factor_model <- function(...) {
  fit <- cfa(model, items, ...)
  measures <- fitMeasures(fit, c("chisq", "chisq.scaled"))
  rows <- subset(parameterEstimates(fit), op == "=~" & se > 0)
  names <- paste0(rows$lhs, "=~", rows$rhs)
  function() list(estimates = setNames(as.list(rows$est), names), errors = setNames(as.list(rows$se), names),
                  tests = as.list(unclass(measures)))
}
# Every level with the identification of Wu and Estabrook, and the test of each level against the one before.
invariance <- function() {
  kinds <- c("thresholds", "loadings", "intercepts", "residuals")
  levels <- c("configural", "thresholds", "metric", "scalar", "strict")
  fits <- lapply(0:4, function(number) {
    arguments <- list(model, items, ordered = named, parameterization = "theta", ID.fac = "std.lv",
                      ID.cat = "Wu.Estabrook.2016", group = "sector")
    if (number) arguments$group.equal <- kinds[seq_len(number)]
    made <- as.character(do.call(semTools::measEq.syntax, arguments))
    cfa(made, items, ordered = named, parameterization = "theta", group = "sector", estimator = "WLSMV")
  })
  values <- sapply(fits, fitMeasures, c("chisq", "chisq.scaled"))
  found <- c(setNames(values[1, ], paste0(levels, ".chisq")), setNames(values[2, ], paste0(levels, ".scaled")),
             setNames(do.call(lavTestLRT, fits)[["Chisq diff"]][-1], paste0("difference.", levels[-1])))
  function() list(tests = as.list(found))
}
tasks <- list(
  polychoric = correlations,
  wlsmv = function() factor_model(ordered = names(items), estimator = "WLSMV"),
  mlr = function() factor_model(estimator = "MLR"),
  fiml = function() factor_model(estimator = "MLR", missing = "fiml"),
  invariance = invariance,
  # psych returns components and factors from one call; the result is random, so that there is nothing to compare.
  parallel = function() {
    suppressMessages(suppressWarnings(psych::fa.parallel(items, fa = "both", fm = "minres", cor = "poly", correct = 0,
                                                         n.iter = 5, plot = FALSE)))
    function() list()
  },
  parallel_pearson = function() {
    options(mc.cores = 1)
    suppressMessages(suppressWarnings(psych::fa.parallel(items, fa = "both", fm = "minres", n.iter = 20, plot = FALSE)))
    function() list()
  },
  alpha_bootstrap = function() {
    values <- as.matrix(items)
    k <- ncol(values)
    drawn <- replicate(1000, {
      v <- cov(values[sample(nrow(values), replace = TRUE), ])
      k / (k - 1) * (1 - sum(diag(v)) / sum(v))
    })
    quantile(drawn, c(.025, .975))
    function() list()
  },
  omega_hierarchical = function() {
    drawn <- replicate(50, {
      resample <- items[sample(nrow(items), replace = TRUE), ]
      suppressMessages(suppressWarnings(psych::omega(resample, nfactors = 8, plot = FALSE)$omega_h))
    })
    quantile(drawn, c(.025, .975))
    function() list()
  },
  crossed = function() {
    fit <- lme4::lmer(rating ~ known + (1 | person) + (1 | rater), items)
    components <- as.data.frame(lme4::VarCorr(fit))
    row <- summary(fit)$coefficients["known", ]
    variances <- setNames(as.list(components$vcov), sub("Residual", "residual", components$grp))
    function() list(estimates = c(list(known = row[[1]]), variances), errors = list(known = row[[2]]))
  },
  # The three models of each item once, without a second round for purified scores, which ours makes.
  dif = function() {
    for (members in split(named, substr(named, 2, 2))) for (item in members) {
      d <- data.frame(answer = factor(items[[item]]), group = items$sector,
                      score = rowMeans(items[setdiff(members, item)]))
      without <- MASS::polr(answer ~ score, d, Hess = TRUE)
      uniform <- MASS::polr(answer ~ score + group, d, Hess = TRUE)
      crossed <- MASS::polr(answer ~ score * group, d, Hess = TRUE)
      anova(without, uniform, crossed)
    }
    function() list()
  }
)
start <- proc.time()
report <- tasks[[arguments[1]]]()
taken <- proc.time() - start
seconds <- sum(taken[c("user.self", "sys.self", "user.child", "sys.child")])
write_json(c(list(seconds = seconds), report()), arguments[3], digits = NA, auto_unbox = TRUE)
