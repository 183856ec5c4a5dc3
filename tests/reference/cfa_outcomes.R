# Reproduces cfa_outcomes.json. Run in this folder: Rscript cfa_outcomes.R (about a quarter of an hour: 73 ordered items).
# Versions used: R 4.2.2, lavaan 0.6-14.
suppressMessages({library(lavaan); library(jsonlite)})

sim <- read.csv("data/sim52_full.csv")
sim <- sim[grep("^(C[0-9]|ENG|SAT|MEA|SUP)_", names(sim))]
factors <- split(names(sim), sub("_.*", "", names(sim)))
model <- paste(names(factors), "=~", sapply(factors, paste, collapse = "+"))
fit <- cfa(model, sim, estimator = "WLSMV", ordered = names(sim))

outcomes <- c("ENG", "SAT", "MEA", "SUP")
found <- subset(standardizedSolution(fit), op == "~~" & xor(lhs %in% outcomes, rhs %in% outcomes))
first <- found$lhs %in% outcomes
correlations <- list(competency = ifelse(first, found$rhs, found$lhs), outcome = ifelse(first, found$lhs, found$rhs),
                     estimate = found$est.std, standard_error = found$se)
keep <- c("chisq", "df", "chisq.scaled", "chisq.scaling.factor", "cfi", "tli", "rmsea", "srmr", "cfi.scaled", "tli.scaled",
          "rmsea.scaled", "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "cfi.robust", "tli.robust", "rmsea.robust",
          "rmsea.ci.lower.robust", "rmsea.ci.upper.robust")
entry <- list(dataset = "sim52_full", call = 'cfa(model, sim, estimator = "WLSMV", ordered = names(sim))',
              value = list(nobs = nobs(fit), npar = fitMeasures(fit, "npar")[[1]],
                           fit = as.list(fitMeasures(fit, keep)), correlations = correlations),
              note = "correlations of competency factors and outcome factors, standardised")
meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")))
write_json(list(meta = meta, results = list("sim52.latent_outcomes.WLSMV" = entry)), "cfa_outcomes.json",
           auto_unbox = TRUE, digits = NA, pretty = TRUE)
